//! No query that the verbs ask at each call scans a table that an index can serve: the plans at 100,000 jobs.

mod claims;
mod explain;
mod fill;
mod lists;
mod pages;
mod rows;
