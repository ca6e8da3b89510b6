//! `callsheet work` as a process, against a server as a process: what programs say, how they end, who dies and who is
//! away; and the storyboard of `examples/`.

mod away;
mod bad;
mod crash;
mod ends;
mod protocol;
mod relay;
mod stage;
mod storyboard;
mod surroundings;
