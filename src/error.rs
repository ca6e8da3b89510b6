//! Errors of the domain. The API and the CLI map them to HTTP statuses and exit codes.

pub use crate::{
    field_error::{FieldError, Location, MAX_ERRORS},
    resource::Resource,
};

use crate::{field_error::sentences, lifecycle::Illegal};
use entity::JobStatus;
use std::time::Duration;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Error of the database driver. Only `db` looks into it; all others show it.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} not found")]
    NotFound(Resource),
    #[error("There is no {} with the id {id}: create it first, or leave {} out.", .thing.to_string().to_lowercase(), &pointer[1..])]
    UnknownReference {
        thing: Resource,
        id: String,
        pointer: &'static str,
    },
    #[error("{}", sentences(.0))]
    Invalid(Vec<FieldError>),
    #[error(transparent)]
    TransitionIllegal(#[from] Illegal),
    #[error("The job is {0}; only a job that is processing takes reports. Start it first.")]
    NotProcessing(JobStatus),
    #[error(
        "The job is {0}: a job that has ended cannot be a client's active job. Retry it first, or \
        read it by its id."
    )]
    JobEnded(JobStatus),
    #[error("The filter matches every job: add a condition, or set `confirm` to true.")]
    ConfirmationRequired,
    #[error("The job is {0}; its failed items can be retried once it has ended.")]
    NotEnded(JobStatus),
    #[error("{0}")]
    CannotUndo(String),
    #[error("The action is still running: wait until it has ended, or abort it first.")]
    ActionRunning,
    #[error("None of the job's items failed: there is nothing to retry.")]
    NoFailedItems,
    #[error("The lease in this call is no longer valid: stop working on the job.")]
    LeaseLost,
    #[error(
        "The job is at version {current}, not {expected}: read it again and repeat the change."
    )]
    VersionMismatch { expected: String, current: i64 },
    #[error(
        "A job with the id {0} already exists: choose another id, or leave out job_id and the \
        server generates one."
    )]
    JobExists(String),
    #[error("The series has an episode with the number {0} already: choose another number.")]
    EpisodeNumberTaken(i32),
    #[error(
        "This Idempotency-Key came before with another request: use a new key for a new request."
    )]
    IdempotencyKeyReused,
    #[error("The job has items, and its shots are counted from them: report the items instead.")]
    ShotsCountedFromItems,
    #[error(
        "{completed} shots of {total} cannot be done: give a total_shots that is at least as large."
    )]
    ShotsExceedTotal { completed: i32, total: i32 },
    #[error("{}", .0.detail)]
    ItemConflict(FieldError),
    #[error("Too many writes are queued: try again in a moment.")]
    Overloaded,
    #[error(
        "This server has reached its limit of {0}: try again in a moment, or use another server."
    )]
    Full(&'static str),
    #[error(
        "The search took too long: add a type, a status or a time range, or page with a cursor."
    )]
    SearchTooLong,
    #[error("The database is busy or unreachable: try again in a moment.")]
    Unavailable(#[source] Source),
    #[error(
        "Transactions of other programs keep the table job_events locked (pid {0}): end them, e.g. \
        with pg_terminate_backend."
    )]
    Waits(String),
    #[error(
        "The change was not made because the disk of the database is full: free space on it, then \
        try again."
    )]
    DiskFull(#[source] Source),
    #[error(
        "The database file or its write-ahead log was moved or deleted, and changes are refused: put \
        it back, or stop the server with SIGTERM and start it again."
    )]
    DatabaseMoved,
    #[error(
        "The row of the job {0} in the database can't be read: repair or delete that row in the \
        database."
    )]
    Unreadable(String),
    #[error(
        "The job has reached the maximum version number and cannot change any more: create a new \
        job."
    )]
    CounterExhausted,
    #[error("{0}")]
    Unauthenticated(&'static str),
    #[error(
        "Another key created the job: the key {0} may change only the jobs that it created itself. A \
        key with the role operator or admin may change all."
    )]
    NotOwnJob(String),
    #[error("{0}")]
    OutsideBinding(String),
    #[error("{0}")]
    KeyBound(&'static str),
    #[error("The key has made its {per_minute} requests of a minute: wait for {} s.", .wait.as_secs() + 1)]
    RateLimited { per_minute: u32, wait: Duration },
    #[error("The key has {most} {what} open, which is the limit: close some first.")]
    TooManyWaits { most: usize, what: &'static str },
    #[error("A schedule with the id {0} already exists: choose another id, or change that one.")]
    ScheduleExists(String),
    #[error(
        "The webhook jobs stands for the URLs that jobs name, and has none of its own: pause it \
        instead, or choose another webhook."
    )]
    WebhookOfJobs,
    #[error("The key was revoked, and cannot get another text: create a new key.")]
    KeyRevoked,
    #[error("No backup was made: {0}.")]
    BackupFailed(String),
    #[error(
        "This server has no folder for backups: start it with --backup-dir, or run `callsheet \
        backup`."
    )]
    NoBackupFolder,
    #[error(
        "The job {0} is in the archive, where nothing changes it: restore it first, with POST \
        /api/v1/jobs/{0}/restore or `callsheet archive restore`."
    )]
    JobArchived(String),
    #[error(
        "The archive is not available ({0}): no archived job was read or changed. Bring its folder \
        or bucket back, then try again."
    )]
    ArchiveUnavailable(String),
    #[error(
        "An object of the archive is damaged ({0}): put the file back from a copy, and check it with \
        `callsheet archive verify`."
    )]
    ArchiveDamaged(String),
    #[error(
        "The database does not allow this ({0}): give the role of --database-url the rights on \
        Callsheet's tables; if there are none, run `callsheet migrate up`."
    )]
    NotAllowed(Source),
    #[error("The database refused: {0}")]
    Database(Source),
    /// A state that cannot be. The text is for the log, not for the caller.
    #[error("Callsheet came into a state that it does not know: {0}")]
    Internal(String),
}

impl Error {
    /// Returns whether the same call may succeed later, because the database cannot write at the
    /// moment.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Error::Unavailable(_) | Error::DiskFull(_) | Error::DatabaseMoved
        )
    }

    pub fn invalid(error: FieldError) -> Self {
        Error::Invalid(vec![error])
    }

    /// Returns the stable code of the error, the same in HTTP, CLI and log.
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotFound(thing) | Error::UnknownReference { thing, .. } => thing.not_found(),
            Error::Invalid(_) => "invalid_request",
            Error::TransitionIllegal { .. } => "job_transition_illegal",
            Error::NotProcessing(_) => "job_not_processing",
            Error::JobEnded(_) => "job_ended",
            Error::ConfirmationRequired => "confirmation_required",
            Error::NotEnded(_) => "job_not_ended",
            Error::CannotUndo(_) => "cannot_undo",
            Error::ActionRunning => "action_running",
            Error::NoFailedItems => "no_failed_items",
            Error::LeaseLost => "lease_lost",
            Error::VersionMismatch { .. } => "version_mismatch",
            Error::JobExists(_) => "job_exists",
            Error::EpisodeNumberTaken(_) => "episode_number_taken",
            Error::IdempotencyKeyReused => "idempotency_key_reused",
            Error::ShotsCountedFromItems => "shots_counted_from_items",
            Error::ShotsExceedTotal { .. } => "shots_exceed_total",
            Error::ItemConflict(_) => "item_conflict",
            Error::Overloaded | Error::Full(_) => "overloaded",
            Error::SearchTooLong => "search_too_long",
            Error::Unavailable(_)
            | Error::DatabaseMoved
            | Error::NotAllowed(_)
            | Error::Waits(_) => "database_unavailable",
            Error::DiskFull(_) => "disk_full",
            Error::Database(_) | Error::Unreadable(_) | Error::Internal(_) => "internal_error",
            Error::CounterExhausted => "counter_exhausted",
            Error::Unauthenticated(_) => "unauthenticated",
            Error::KeyRevoked => "key_revoked",
            Error::NotOwnJob(_) => "not_own_job",
            Error::OutsideBinding(_) => "outside_binding",
            Error::KeyBound(_) => "key_bound",
            Error::RateLimited { .. } => "rate_limited",
            Error::TooManyWaits { .. } => "too_many_waits",
            Error::BackupFailed(_) => "backup_failed",
            Error::NoBackupFolder => "no_backup_folder",
            Error::ScheduleExists(_) => "schedule_exists",
            Error::WebhookOfJobs => "webhook_of_jobs",
            Error::JobArchived(_) => "job_archived",
            Error::ArchiveUnavailable(_) => "archive_unavailable",
            Error::ArchiveDamaged(_) => "archive_damaged",
        }
    }
}
