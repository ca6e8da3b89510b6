//! No query that the verbs ask at each call scans a table that an index can serve: the plans at
//! 100,000 jobs.
//!
//! `CALLSHEET_TEST_PLAN_JOBS=10000000 scripts/test --test suite -- --show-output plans::pages`
//! prints them at ten million.

mod claims;
mod explain;
mod fill;
mod lists;
mod pages;
mod rows;
mod webhooks;
