//! Room on the disks that an import fills: that of the database's file, and that of temporary files.

use std::path::{Path, PathBuf};

/// Bytes that stay free unless the user decides otherwise.
pub const FREE: u64 = 512 << 20;

/// Of a small disk, not more than this part of it stays free.
const PART: u64 = 5;

/// What an import leaves free, and where.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// `None`: [`FREE`], but at most a fifth of the disk.
    pub free: Option<u64>,
    /// Files or folders on the disks that are looked at.
    pub places: Vec<PathBuf>,
}

impl Room {
    /// Why nothing more is to be written: a sentence that says what to do.
    pub fn lacking(&self) -> Option<String> {
        self.places.iter().find_map(|place| {
            let (available, total) = of(place)?;
            let floor = self.free.unwrap_or(FREE.min(total / PART));
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

/// Bytes that this user may still write there, and bytes of the disk. `None` where the system does not tell.
fn of(place: &Path) -> Option<(u64, u64)> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let disk = rustix::fs::statvfs(place).or_else(|_| rustix::fs::statvfs(folder)).ok()?;
    Some((disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_less_than_the_floor_is_named() {
        let places = vec![std::env::temp_dir().join("not-there-yet.db")];
        assert_eq!(Room { free: Some(0), places: places.clone() }.lacking(), None);
        let lacking = Room { free: Some(u64::MAX), places }.lacking().unwrap();
        assert!(lacking.contains("not-there-yet.db") && lacking.contains("--min-free-disk-bytes"), "{lacking}");
    }
}
