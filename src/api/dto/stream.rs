//! What streams tell.

use super::{JobCounts, Time};
use poem_openapi::Object;
use serde_json::Value;

/// A message of a stream. On the wire each field is a line, and the data is JSON: `id: 7`, `event: change`, `data: {…}`,
/// and an empty line.
#[derive(Debug, Object)]
pub struct StreamMessage {
    /// Where the stream is behind this message, to be sent as `Last-Event-ID`; a `reset` has none.
    pub id: Option<String>,
    /// `snapshot`, `change` or `reset`.
    pub event: String,
    /// Of a `change` an Event. Of a `snapshot` of one job a JobWithShots, and of all jobs a StreamSnapshot. Of a `reset` its
    /// `reason`: `history_pruned`, `position_unknown` or `too_slow`.
    pub data: Value,
}

/// How many jobs there are when a stream of all jobs begins.
#[derive(Debug, Object)]
pub struct StreamSnapshot {
    /// Changes behind this position follow. The counts are those at this position, or newer ones.
    pub position: String,
    pub counts: JobCounts,
    pub as_of: Time,
}
