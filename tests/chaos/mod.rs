//! Servers and workers killed with SIGKILL every 200 ms, and PostgreSQL crashed once, while
//! thousands of items are worked on, and the pipes of the processes are full. scripts/chaos runs
//! longer, stops servers for seconds, sets their clocks by an hour, and crashes PostgreSQL more
//! often.

mod cast;
mod run;
mod set_clock;
mod verdict;
mod watch;
mod worker;
