//! `JobManager`: the service. The HTTP API, the CLI and the background loops only call its methods.

mod actions;
mod apply_transition;
mod catalog;
mod control;
mod create;
mod imports;
mod manager;
mod read;
mod stats;
mod upkeep;
mod validate;
mod watch;
mod work;
mod workers;

pub use crate::{
    db::{
        ArchiveRow, IndexScan, JobFiles, JobUrl, RedisOptions, View, WholeJob, page_query as page,
        write::KeepPatch,
    },
    key_limits::{KeyLimits, Left, PerMinute, Place},
    lifecycle::{
        Binding, Counts, Filter, Keep, KeepRule, KeepRules, KeyRange, MAX_COUNTED, Order,
        Permission, Principal, ROLES, Then, Total, role_name, role_named,
    },
};
pub use actions::{ActionFilter, NewAction, Preview};
pub use catalog::audit::{Asker, AuditCalls, AuditFilter, Call as AuditCall};
pub use catalog::episodes::{EpisodePatch, NewEpisode};
pub use catalog::keys::{
    Access, CreatedKey, MAX_KEY_NAME_CHARS, MIN_ADMIN_KEY_CHARS, NewKey, SESSION_HOURS, is_key_text,
};
pub use catalog::queues::{Queue, QueuePatch};
pub use catalog::schedules::{
    MAX_NEXT_RUNS, NewSchedule, SchedulePatch, SchedulePreview, imported_schedule,
};
pub use catalog::series::{NewSeries, SeriesPatch};
pub use catalog::webhooks::{
    NewJobWebhook, NewWebhook, ReplayFrom, Webhook, WebhookPatch, message_id,
};
pub use control::job_patch::JobPatch;
pub use create::check_new_job::check_new_job;
pub use create::idempotency::Idempotency;
pub use create::new_job::{NewItem, NewJob, RunBy};
pub use imports::prune_imports::Pruned as PrunedImports;
pub use imports::runs::{ABORTED as ABORTED_IMPORT, ImportChunk};
pub use manager::{Guard, IfVersion, JobManager, Shared};
pub use read::forecast::{Durations, Forecast};
pub use read::forecast_queue::QueueForecast;
pub use read::get_job::ReadSource;
pub use read::list_jobs::{Page, PageAfter};
pub use read::shot::{Shot, ShotStatus};
pub use read::shots::ShotEdit;
pub use read::sift::{MAX_SCANNED, SCAN_TIME};
pub use stats::{Cause, FailedJob, Stats, StatsDetail};
pub use upkeep::archive::{
    ArchiveFinding, ArchiveStep, ArchiveStore, ArchivedJob, BucketKeys, BucketSettings, Patience,
    Verified as VerifiedArchives, parse_place,
};
pub use upkeep::backup::back_up::{Backup, BackupFolder};
pub use upkeep::backup::release_restored::{LeasedPolicy, ReleasedAfterRestore};
pub use upkeep::get_health::{
    DRAINING, Health, HealthStatus, NotReady, RedisHealth, pending_steps,
};
pub use upkeep::loops::LoopStatus;
pub use upkeep::retention::{RetentionCount, RetentionPreview, RetentionRun, Storage};
pub use upkeep::servers::ListedServer;
pub use validate::check_rows::check_rows;
pub use validate::pointer::{JsonPath, Part};
pub use validate::{
    DEFAULT_ATTEMPTS, MAX_DIR_CHARS, MAX_MEMBER_NAME_CHARS, MAX_MODE_CHARS, MAX_SHORT_CHARS,
    MAX_TEXT_CHARS, cut_times, no_nul_parameter,
};
pub use watch::event_filter::{EventFilter, FilteredBatch};
pub use watch::feed::{Change as FeedChange, StreamPosition};
pub use watch::streams::Reset;
pub use watch::watch_job::{JobMessage, JobWatch};
pub use watch::watch_jobs::{JobsMessage, JobsWatch};
pub use work::claim_jobs::{Claim, Claimed};
pub use work::finish_job::Failure;
pub use work::heartbeat::{Heartbeat, HeartbeatReply};
pub use work::items::ItemReport;
pub use work::job_token::is_job_token;
pub use work::outcomes::{AttemptReport, Ending};
pub use work::progress::Progress;
pub use workers::list_workers::{Worker, WorkerStatus, Workers};

use crate::lifecycle::Cursor;
use manager::stamped;

/// Cuts a page from rows that were read with one extra row, and returns the cursor of the next page
/// if there is one.
fn cut<R>(mut rows: Vec<R>, limit: u64, place: impl Fn(&R) -> Cursor) -> (Vec<R>, Option<Cursor>) {
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(place);
    (rows, next)
}
