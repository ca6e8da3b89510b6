//! What is left of the answers that clients got when the server is killed, or asked to stop, while
//! they call it.
//!
//! Each client keeps a ledger in the process of the test: what it asked, and what it was answered.
//! A call that was not answered may have been carried out or not, as a whole. Jobs that are in the
//! ledger have to be in the database, each step once, and no others.

mod active;
mod ask;
mod claims;
mod client;
mod create;
mod crowd;
mod entry;
mod imports;
mod kill;
mod ledger;
mod perform;
mod recheck;
mod reconcile;
mod reports;
mod rows;
mod schedules;
mod series;
mod shared;
mod stop;
mod verdict;
mod whole;
mod wire;
