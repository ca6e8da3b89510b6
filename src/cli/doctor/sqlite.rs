//! Checks of a SQLite file.

use super::{Limits, finding::Finding};
use crate::db::SqliteFacts;

/// Free bytes on a disk below which a warning is due, unless the configuration says more.
const MIN_FREE_DISK: u64 = 512 << 20;

/// Permission bits of others than the owner and the group.
const OF_OTHERS: u32 = 0o007;

/// Checks the state of the file.
pub fn check_sqlite(sqlite: &SqliteFacts, limits: &Limits) -> Vec<Finding> {
    let path = sqlite.path.display();
    let mut found = Vec::new();
    if sqlite.journal_mode != "wal" {
        found.push(Finding::warning(
            "sqlite.journal_mode",
            format!(
                "The journal mode is {}, in which readers and the writer wait for each other.",
                sqlite.journal_mode
            ),
            "Restart `callsheet serve`, which sets the mode wal.",
        ));
    }
    if sqlite.log_bytes >= limits.log_bytes {
        found.push(Finding::warning(
            "sqlite.log_large",
            format!("The write-ahead log has {} MB.", sqlite.log_bytes >> 20),
            "Find the program that keeps a read transaction open, and end it; or restart the \
            server.",
        ));
    }
    let free = sqlite.free_pages.saturating_mul(sqlite.page_bytes);
    if free >= limits.free_bytes && sqlite.free_pages * 2 > sqlite.pages {
        found.push(Finding::warning(
            "sqlite.free_pages",
            format!("More than half of the file is empty: {} MB.", free >> 20),
            format!("Stop the server and run `sqlite3 {path} VACUUM` to give it back."),
        ));
    }
    if sqlite.is_on_network {
        found.push(Finding::error(
            "sqlite.network_disk",
            format!("{path} lies on a network file system, whose locks SQLite cannot trust."),
            "Move the file to a local disk, or use PostgreSQL.",
        ));
    }
    if sqlite.mode & OF_OTHERS != 0 {
        found.push(Finding::warning(
            "sqlite.readable",
            format!("Every user of this machine may open {path}."),
            format!("Run `chmod o-rwx {path}*`."),
        ));
    }
    if sqlite.free_disk < limits.min_free_disk.unwrap_or(MIN_FREE_DISK) {
        found.push(Finding::warning(
            "sqlite.disk_low",
            format!(
                "The disk of {path} has only {} MB left.",
                sqlite.free_disk >> 20
            ),
            "Make room: while the disk is full, all changes are refused.",
        ));
    }
    found
}
