//! `callsheet work` as a process, against a server as a process: what programs say, how they end,
//! who dies and who is away; and the storyboard of `examples/`.

mod asleep;
mod away;
mod bad;
mod crash;
mod ends;
mod hostile;
mod keys;
mod lost;
mod media;
mod outage;
mod protocol;
mod proxied;
mod proxy;
mod relay;
pub mod stage;
mod storyboard;
mod surroundings;

pub use stage::path;
