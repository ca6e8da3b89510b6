//! Audited calls in responses.

use super::Time;
use entity::audit;
use poem_openapi::Object;

/// A call that changed something or tried to, or several alike.
#[derive(Debug, Object)]
pub struct AuditEntry {
    /// Id of the entry.
    entry_id: String,
    /// Time of the call; of several, of the first.
    at: Time,
    /// Key of the caller; null for the command line, and on a server without keys.
    key_id: Option<String>,
    /// Operation, by its id in this document.
    operation: String,
    /// Ids in the path of the call; null if it has none, and for calls that come all day long, such
    /// as heartbeats.
    target: Option<String>,
    /// Id of the request; of several, of the first.
    request_id: Option<String>,
    /// HTTP status of the answer; 499 if the client left before it.
    status: i16,
    /// Number of calls that the entry stands for.
    calls: i64,
}

/// A page of audited calls, newest first.
#[derive(Debug, Object)]
pub struct AuditList {
    /// Entries of the page.
    pub entries: Vec<AuditEntry>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

impl From<audit::Model> for AuditEntry {
    fn from(row: audit::Model) -> Self {
        Self {
            entry_id: row.id,
            at: row.at.into(),
            key_id: row.key_id,
            operation: row.operation,
            target: row.target,
            request_id: row.request_id,
            status: row.status,
            calls: row.calls,
        }
    }
}
