//! Retention: ended jobs that were kept long enough, their removal, and their archive.

pub mod archived;
pub mod archived_matching;
pub mod archives;
pub mod ended;
pub mod remove_ended;
pub mod restore_archived;
