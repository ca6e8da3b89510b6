//! Pure rules: status transitions, progress, waiting times, filters, page cursors. They do no IO
//! and read no clock; property tests check each rule.

mod backoff;
mod binding;
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
mod principal;
mod progress;
mod range;
mod retention;
mod schedule;
mod tally;
mod time_in_status;
mod transition;
mod webhook;

pub use backoff::backoff;
pub use binding::Binding;
pub use bounds::{MAX_ATTEMPT, MAX_INDEX, MAX_VERSION, next_attempt, version_after};
pub use bucket_size::BucketSize;
pub use counts::{Counts, MAX_COUNTED, Total};
pub use cursor::Cursor;
pub use error_signature::{MAX_SIGNATURE_CHARS, alike, first_line, signature_pattern};
pub use event::EventKind;
pub use filter::{Filter, whole_micros};
pub use histogram::Histogram;
pub use merge::merge_patch;
pub use permission::{Permission, ROLES, role_name, role_named};
pub use principal::Principal;
pub use progress::percent;
pub use range::{KeyRange, Order};
pub use retention::{Keep, KeepRule, KeepRules, OwnKeepRule, Then};
pub use schedule::{MAX_MISSED_RUNS, Plan, Policy, Rule, Timing, jitter, span, zone_named};
pub use tally::Tally;
pub use time_in_status::seconds_in_status;
pub use transition::{Illegal, STALE_AFTER, Verb, is_terminal, may_step_back, transition};
pub use webhook::{
    DEFAULT_KINDS, ENDPOINT_GRACE, MESSAGE_KINDS, MessageKind, SKIPPED_KIND, TEST_KIND, new_secret,
    retry_delay, retry_time, secret_of, signature,
};
