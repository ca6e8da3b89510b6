//! Verbs of backups: making one, listing those of a folder, and making a restored database safe.

pub mod back_up;
pub mod release_restored;
