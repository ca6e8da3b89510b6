//! The kinds of events in a job's history: each verb in the past tense.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Created,
    Imported,
    /// Got from a record of an import what it lacked.
    Merged,
    /// Became what a record of an import says.
    Overwritten,
    Updated,
    Started,
    Progressed,
    ShotsUpdated,
    ShotDescribed,
    ItemsReported,
    Completed,
    Failed,
    /// Failed, and queued again because attempts remain.
    RetryScheduled,
    Cancelled,
    /// A worker holds the job and has to let go of it.
    CancelRequested,
    Retried,
    /// Queued again with what was done of it.
    Recovered,
    /// Its worker gave it back, and the attempt with it.
    Released,
    /// The lease of its worker ran out, and it was queued again.
    Rescued,
    /// Its worker has something to say.
    Logged,
    /// Left its series or episode because that was deleted.
    Detached,
    /// The last event of a job: the job itself is gone.
    Deleted,
}

impl EventKind {
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Created => "created",
            EventKind::Imported => "imported",
            EventKind::Merged => "merged",
            EventKind::Overwritten => "overwritten",
            EventKind::Updated => "updated",
            EventKind::Started => "started",
            EventKind::Progressed => "progressed",
            EventKind::ShotsUpdated => "shots_updated",
            EventKind::ShotDescribed => "shot_described",
            EventKind::ItemsReported => "items_reported",
            EventKind::Completed => "completed",
            EventKind::Failed => "failed",
            EventKind::RetryScheduled => "retry_scheduled",
            EventKind::Cancelled => "cancelled",
            EventKind::CancelRequested => "cancel_requested",
            EventKind::Retried => "retried",
            EventKind::Recovered => "recovered",
            EventKind::Released => "released",
            EventKind::Rescued => "rescued",
            EventKind::Logged => "logged",
            EventKind::Detached => "detached",
            EventKind::Deleted => "deleted",
        }
    }
}
