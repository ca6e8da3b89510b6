//! Kinds of events in a job's history: each is a verb in the past tense.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Created,
    Imported,
    /// An import filled in the fields that the job lacked.
    Merged,
    /// An import replaced the job by its record.
    Overwritten,
    Updated,
    Started,
    Progressed,
    ShotsUpdated,
    ShotDescribed,
    ItemsReported,
    Completed,
    Failed,
    /// The attempt failed, and the job is queued again because attempts remain.
    RetryScheduled,
    Cancelled,
    /// A cancel was requested, and the worker that holds the job has to stop.
    CancelRequested,
    Retried,
    /// The job is queued again with its checkpoint.
    Recovered,
    /// The last cancel, retry or change of the schedule was taken back.
    Undone,
    /// The worker gave the job back, and the attempt does not count.
    Released,
    /// The worker's lease expired, and the job is queued again.
    Rescued,
    /// The worker sent lines for the log.
    Logged,
    /// The job left its series or episode, which was deleted.
    Detached,
    /// The job was deleted: this is its last event.
    Deleted,
}

impl EventKind {
    pub const ALL: [EventKind; 23] = [
        EventKind::Created,
        EventKind::Imported,
        EventKind::Merged,
        EventKind::Overwritten,
        EventKind::Updated,
        EventKind::Started,
        EventKind::Progressed,
        EventKind::ShotsUpdated,
        EventKind::ShotDescribed,
        EventKind::ItemsReported,
        EventKind::Completed,
        EventKind::Failed,
        EventKind::RetryScheduled,
        EventKind::Cancelled,
        EventKind::CancelRequested,
        EventKind::Retried,
        EventKind::Recovered,
        EventKind::Undone,
        EventKind::Released,
        EventKind::Rescued,
        EventKind::Logged,
        EventKind::Detached,
        EventKind::Deleted,
    ];

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
            EventKind::Undone => "undone",
            EventKind::Released => "released",
            EventKind::Rescued => "rescued",
            EventKind::Logged => "logged",
            EventKind::Detached => "detached",
            EventKind::Deleted => "deleted",
        }
    }
}
