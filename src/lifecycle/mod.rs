//! Pure rules: status transitions, progress, waiting times, filters, page cursors. They do no IO and
//! read no clock; property tests check each rule.

mod backoff;
mod bounds;
mod bucket_size;
mod counts;
mod cursor;
mod error_signature;
mod event;
mod filter;
mod histogram;
mod merge;
mod permission;
mod progress;
mod range;
mod tally;
mod time_in_status;
mod transition;

pub use backoff::backoff;
pub use bounds::{MAX_ATTEMPT, MAX_INDEX, MAX_VERSION, next_attempt, version_after};
pub use bucket_size::BucketSize;
pub use counts::{Counts, MAX_COUNTED, Total};
pub use cursor::Cursor;
pub use error_signature::{alike, first_line};
pub use event::EventKind;
pub use filter::{Filter, whole_micros};
pub use histogram::Histogram;
pub use merge::merge_patch;
pub use permission::{Permission, ROLES, role_name, role_named};
pub use progress::percent;
pub use range::{KeyRange, Order};
pub use tally::Tally;
pub use time_in_status::seconds_in_status;
pub use transition::{Illegal, STALE_AFTER, Verb, is_terminal, may_step_back, transition};
