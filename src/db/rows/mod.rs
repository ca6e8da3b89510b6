//! Rows in and out: decoded one by one, in parts of limited size, and in bulk.

pub mod bulk;
pub mod job_rows;
pub mod keyset;
pub mod once;
pub mod part;
pub mod readable;
