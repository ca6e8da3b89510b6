//! The protocol of a lease: claim, heartbeat with reports, and one of complete, fail and release.
//!
//! [`Connection`] is what all jobs of a worker share. [`work()`] claims jobs and runs each in a
//! task. In it, [`Heartbeat`] extends the [`Lease`] and sends [`Reports`], and [`deliver`] ends the
//! attempt. [`crate::Worker`] does this for an async function, `callsheet work` for a program.

mod batch;
mod buffer;
mod calls;
mod claim;
mod connection;
mod heartbeat;
mod obstruction;
mod outcome;
mod report;
mod reports;
mod state;
mod stop;
mod work;

pub use batch::{DEFAULT_BODY_BYTES, Limits, MAX_ITEMS};
pub use calls::{CallError, EndedJob};
pub use claim::Claim;
pub use connection::{Connection, Notices};
pub use heartbeat::Heartbeat;
pub use outcome::{Delivery, Outcome, deliver};
pub use report::{ItemReport, Report};
pub use reports::{ReportedResult, Reports};
pub use state::{Lease, LeaseState};
pub use stop::{Stop, StopLevel};
pub use work::{Ended, work};
