//! Streams: each change at every reader that wants it, once, in order, from any place on.

mod cut;
mod filters;
mod floods;
mod follow_all;
mod follow_job;
mod merged;
mod out_of_order;
mod pruned;
pub mod reader;
mod slow;
mod stop;
mod two_servers;
mod wait;
