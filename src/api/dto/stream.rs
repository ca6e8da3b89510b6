//! Messages of event streams.

use super::{Event, JobCounts, JobWithShots, Time};
use poem_openapi::{Object, Union};

/// A message of a stream. On the wire each field is a line and the data is JSON: `id: 7`,
/// `event: change`, `data: {…}`, and an empty line.
#[derive(Debug, Object)]
pub struct StreamMessage {
    /// Position of the stream after this message, to send as `Last-Event-ID`; a `reset` has none.
    pub id: Option<String>,
    /// Kind of message: `snapshot`, `change` or `reset`.
    pub event: String,
    pub data: StreamData,
}

/// Data of a message: an Event in a `change`; a JobWithShots in a `snapshot` of one job; a
/// StreamSnapshot in a `snapshot` of all jobs; a StreamReset in a `reset`.
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
    pub counts: JobCounts,
    pub as_of: Time,
}
