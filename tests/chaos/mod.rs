//! Servers and workers killed with SIGKILL every 200 ms, and PostgreSQL crashed once, while thousands of items are
//! worked on, and nobody reads what the processes print. scripts/chaos does it for longer, with servers that hang, clocks
//! that are set by an hour, and more crashes.

mod cast;
mod run;
mod set_clock;
mod verdict;
mod watch;
mod worker;
