//! Rows in and out: decoded one by one, in parts of limited size, and in bulk.

mod array;
pub mod bulk;
mod columns;
pub mod decode;
pub mod job_row;
pub mod job_rows;
pub mod keyset;
pub mod once;
pub mod part;
pub mod readable;
