//! Request and response bodies: the schemas of the document, and their conversion from and to the
//! types of `JobManager`.

mod action;
mod active;
mod attempt;
mod audit;
mod backup;
mod catalog;
mod claim;
mod delivery;
mod event;
mod generate;
mod health;
mod heartbeat;
mod import;
mod input;
mod item;
mod job;
mod key;
pub mod legacy;
mod media_link;
mod omittable;
mod outcome;
mod report;
mod same;
mod schedule;
mod server;
mod stats;
mod storage;
mod stream;
mod time;
mod webhook;
mod worker;

pub use action::{
    Action, ActionList, ActionOutcome, ActionOutcomeKind, ActionOutcomeList, ActionPreview,
    NewAction,
};
pub use active::{ActiveJob, ActiveJobs, RemovedActiveJobs, SetActiveJob};
pub use attempt::{OutcomeAnswer, Outcomes, ReleaseJob, ReportOutcomes};
pub use audit::{AuditEntry, AuditList};
pub use backup::{Backup, BackupList};
pub use catalog::{
    Episode, EpisodeList, EpisodePatch, NewEpisode, NewSeries, Series, SeriesList, SeriesPatch,
};
pub use claim::{ClaimJobs, ClaimedJob, ClaimedJobs};
pub use delivery::{Delivery, DeliveryList};
pub use event::{Event, EventList};
pub use generate::{GenerateIdea, GenerateScript};
pub use health::{Caches, DatabaseHealth, Health, HealthReport, LiveServers, LiveWorkers};
pub use heartbeat::{HeartbeatAnswer, SendHeartbeat};
pub use import::{Import, ImportList, ImportReject, ImportRejectList};
pub use input::{JobPatch, NewJob, NewJobs};
pub use item::{Item, ItemList, Shot, ShotList};
pub use job::{
    Job, JobCounts, JobList, JobProgress, JobStatus, JobWithShots, LARGE_FIELDS, ListedJob,
    PREVIEW_FIELDS, Pagination, StartedJob,
};
pub use key::{CreatedKey, Key, KeyList, NewKey, NewSession, Session};
pub use media_link::{MediaLink, NewMediaLink};
pub use outcome::{Deleted, Generated, ShotUpdated};
pub use worker::{Queue, QueueForecast, QueueList, SetQueue, WorkerList};

pub use report::{
    CancelJob, CompleteJob, EditShot, FailJob, ReportItems, ReportProgress, ReportShots, StartJob,
};
pub use schedule::{
    NewSchedule, PreviewSchedule, Schedule, ScheduleList, SchedulePatch, ScheduleTimes,
};
pub use server::ServerList;
pub use stats::{Bucket, StatsReport};
pub use storage::{Archive, ArchiveList, QueueKeep, RetentionPreview, SetKeep, keep_patch};
pub use stream::{StreamData, StreamSnapshot};
pub use webhook::{NewWebhook, ReplayWebhook, Webhook, WebhookList, WebhookPatch, WebhookSecret};

use poem_openapi::types::MaybeUndefined;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use time::Time;

/// A JSON object with any members.
type Object = BTreeMap<String, Value>;

/// Returns the object in a JSON column.
fn object(value: Option<Value>) -> Option<Object> {
    match value {
        Some(Value::Object(members)) => Some(members.into_iter().collect()),
        // An older store may have had a plain value where an object belongs.
        Some(value) => Some([("value".to_owned(), value)].into_iter().collect()),
        None => None,
    }
}

/// Converts an object of the API into the map that `JobManager` takes.
pub fn members(object: Object) -> Map<String, Value> {
    object.into_iter().collect()
}

/// Returns what a patch gives for a field: nothing, null or a value.
pub fn given<T>(field: MaybeUndefined<T>) -> Option<Option<T>> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}
