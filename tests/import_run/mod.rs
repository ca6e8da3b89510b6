//! A run of the importer as a whole: what it does with what is there, what it tells, how it ends,
//! and that an export comes back as the same rows.

mod aborted;
mod background;
mod bounds;
mod conflict;
mod killed;
mod limits;
pub mod own;
mod report;
mod runs;
mod uploads;
