//! What is left of the answers that clients got when the server is killed, or asked to stop, while they call it.

mod client;
mod crowd;
mod kill;
mod ledger;
mod stop;
mod verdict;
