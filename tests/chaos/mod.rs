//! Servers and workers killed with SIGKILL every 200 ms, and PostgreSQL crashed once, while thousands of items are
//! worked on.

mod cast;
mod postgres;
mod run;
mod verdict;
mod worker;
