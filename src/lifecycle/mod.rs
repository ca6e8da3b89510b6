//! Pure rules: status transitions, progress, waiting times, page cursors. They do no IO and read no
//! clock; property tests check each rule.

mod backoff;
mod bounds;
mod cause;
mod cursor;
mod event;
mod histogram;
mod merge;
mod progress;
mod spent;
mod tally;
mod transition;
mod unit;

pub use backoff::backoff;
pub use bounds::{MAX_ATTEMPT, MAX_INDEX, MAX_VERSION, next_attempt, version_after};
pub use cause::{alike, first_line};
pub use cursor::Cursor;
pub use event::EventKind;
pub use histogram::Histogram;
pub use merge::merge_patch;
pub use progress::percent;
pub use spent::seconds_spent;
pub use tally::Tally;
pub use transition::{Illegal, STALE_AFTER, Verb, is_terminal, transition};
pub use unit::Unit;
