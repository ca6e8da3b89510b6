//! Messages of event streams.

use super::{Event, JobCounts, JobWithShots, Time};
use poem_openapi::{Object, Union};

/// Data of a message of a stream, as JSON: an Event in a `change`; a JobWithShots in a `snapshot`
/// of one job; a StreamSnapshot in a `snapshot` of all jobs; a StreamReset in a `reset`. On the
/// wire each field of a message is a line: `id: 7`, `event: change`, `data: {…}`, and an empty
/// line. The id is the position after the message, to send as `Last-Event-ID`; a `reset` has none.
#[derive(Debug, Union)]
#[allow(clippy::large_enum_variant, reason = "for the document alone")]
pub enum StreamData {
    Event(Event),
    Job(JobWithShots),
    Snapshot(StreamSnapshot),
    Reset(StreamReset),
}

/// Reason why the client's state is no longer valid.
#[derive(Debug, Object)]
pub struct StreamReset {
    /// Code of the reason. `history_pruned`: the server has deleted events that the client has not
    /// seen. `position_unknown`: the server never sent this position. `too_slow`: the client did
    /// not read in time.
    pub reason: String,
}

/// Number of jobs by status at the beginning of a stream of all jobs.
#[derive(Debug, Object)]
pub struct StreamSnapshot {
    /// Position after which the changes follow. The counts are those at this position or newer.
    pub position: String,
    /// Number of jobs by status.
    pub counts: JobCounts,
    /// Time for which the values hold.
    pub as_of: Time,
}
