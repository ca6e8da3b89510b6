//! Free space on the disks that an import writes to: that of the database file and that of
//! temporary files.

use std::path::{Path, PathBuf};

/// Bytes that stay free by default.
pub const DEFAULT_FREE_BYTES: u64 = 512 << 20;

/// Divisor of the default for small disks: at most a fifth of the disk stays free.
const MIN_FREE_DIVISOR: u64 = 5;

/// Disk space that an import leaves free, and the disks to check.
#[derive(Clone, Debug, Default)]
pub struct DiskReserve {
    /// Bytes that stay free. `None` means [`DEFAULT_FREE_BYTES`], but at most a fifth of the disk.
    pub free: Option<u64>,
    /// Files or folders on the disks to check.
    pub places: Vec<PathBuf>,
}

impl DiskReserve {
    /// Error message with its cure if a disk has too little space left; `None` if all have enough.
    pub fn lacking(&self) -> Option<String> {
        self.places.iter().find_map(|place| {
            let (available, total) = of(place)?;
            let floor = self.free.unwrap_or(DEFAULT_FREE_BYTES.min(total / MIN_FREE_DIVISOR));
            (available < floor).then(|| {
                format!(
                    "The disk of {} has {} MiB left, and an import leaves {} MiB free: make room, or set \
                     --min-free-disk-bytes.",
                    place.display(),
                    available >> 20,
                    floor >> 20
                )
            })
        })
    }
}

/// Bytes that this user may still write on the disk of `place`, and the size of the disk in bytes.
/// `None` if the system does not report them.
fn of(place: &Path) -> Option<(u64, u64)> {
    let folder = place
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let disk = rustix::fs::statvfs(place)
        .or_else(|_| rustix::fs::statvfs(folder))
        .ok()?;
    Some((disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_less_than_the_floor_is_named() {
        let places = vec![std::env::temp_dir().join("not-there-yet.db")];
        assert_eq!(
            DiskReserve {
                free: Some(0),
                places: places.clone()
            }
            .lacking(),
            None
        );
        let lacking = DiskReserve {
            free: Some(u64::MAX),
            places,
        }
        .lacking()
        .unwrap();
        assert!(
            lacking.contains("not-there-yet.db") && lacking.contains("--min-free-disk-bytes"),
            "{lacking}"
        );
    }
}
