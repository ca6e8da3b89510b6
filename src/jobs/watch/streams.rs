//! Permits of streams, and reasons for a client of one to begin again.

use crate::{
    error::{Error, Result},
    jobs::JobManager,
};
use tokio::sync::OwnedSemaphorePermit;

/// Maximum number of streams per server, of all jobs and of single jobs together.
pub const MAX_STREAMS: usize = 2_000;

/// Reason why a client has to begin again with a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// The events behind the client's position have been deleted.
    HistoryPruned,
    /// The client's position was never assigned by this database.
    PositionUnknown,
    /// The client read too slowly, and missed events.
    TooSlow,
}

impl Reset {
    pub const ALL: [Reset; 3] = [Reset::HistoryPruned, Reset::PositionUnknown, Reset::TooSlow];

    pub fn reason(self) -> &'static str {
        match self {
            Reset::HistoryPruned => "history_pruned",
            Reset::PositionUnknown => "position_unknown",
            Reset::TooSlow => "too_slow",
        }
    }
}

impl JobManager {
    /// Takes the permit of one stream.
    ///
    /// Errors: `overloaded` when the server has reached its limit of streams.
    pub(in crate::jobs) fn stream_place(&self) -> Result<OwnedSemaphorePermit> {
        self.streams
            .clone()
            .try_acquire_owned()
            .map_err(|_| Error::Full("streams"))
    }
}
