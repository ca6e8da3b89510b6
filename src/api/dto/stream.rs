//! What streams tell.

use super::{Event, JobCounts, JobWithShots, Time};
use poem_openapi::{Object, Union};

/// A message of a stream. On the wire each field is a line, and the data is JSON: `id: 7`, `event: change`, `data: {…}`,
/// and an empty line.
#[derive(Debug, Object)]
pub struct StreamMessage {
    /// Where the stream is behind this message, to be sent as `Last-Event-ID`; a `reset` has none.
    pub id: Option<String>,
    /// `snapshot`, `change` or `reset`.
    pub event: String,
    pub data: StreamData,
}

/// Of a `change` an Event; of a `snapshot` of one job a JobWithShots, and of all jobs a StreamSnapshot; of a `reset` a
/// StreamReset.
#[derive(Debug, Union)]
#[allow(clippy::large_enum_variant, reason = "for the document alone")]
pub enum StreamData {
    Event(Event),
    Job(JobWithShots),
    Snapshot(StreamSnapshot),
    Reset(StreamReset),
}

/// Why what the client knows is void.
#[derive(Debug, Object)]
pub struct StreamReset {
    /// `history_pruned`: events that it has not seen are gone. `position_unknown`: its place was never given out here.
    /// `too_slow`: it did not read in time.
    pub reason: String,
}

/// How many jobs there are when a stream of all jobs begins.
#[derive(Debug, Object)]
pub struct StreamSnapshot {
    /// Changes behind this position follow. The counts are those at this position, or newer ones.
    pub position: String,
    pub counts: JobCounts,
    pub as_of: Time,
}
