//! Streams: each change at every reader that wants it, once, in order, from any place on.

mod filters;
mod follow_all;
mod follow_job;
mod merged;
mod out_of_order;
mod reader;
mod wait;
