//! Request and response bodies: the schemas of the document, and their conversion from and to the
//! types of `JobManager`.

mod action;
mod active;
mod catalog;
mod claim;
mod event;
mod health;
mod import;
mod input;
mod item;
mod job;
mod key;
mod omittable;
mod outcome;
mod report;
mod stats;
mod stream;
mod time;
mod worker;

pub use action::{
    Action, ActionList, ActionOutcome, ActionOutcomeKind, ActionOutcomeList, ActionPreview,
    NewAction,
};
pub use active::{ActiveJob, ActiveJobs, RemovedActiveJobs, SetActiveJob};
pub use catalog::{Episode, EpisodeList, NewEpisode, NewSeries, Series, SeriesList};
pub use claim::{
    ClaimJobs, ClaimedJob, ClaimedJobs, HeartbeatAnswer, OutcomeAnswer, Outcomes, ReleaseJob,
    ReportOutcomes, SendHeartbeat,
};
pub use event::{Event, EventList};
pub use health::{DatabaseHealth, Health, HealthReport, LiveWorkers};
pub use import::{Import, ImportList, ImportReject, ImportRejectList};
pub use input::{GenerateIdea, GenerateScript, JobPatch, NewJob, NewJobs, given, members};
pub use item::{Item, ItemList, Shot, ShotList};
pub use job::{
    Job, JobCounts, JobList, JobProgress, JobStatus, JobWithShots, LARGE_FIELDS, ListedJob,
    Pagination, StartedJob,
};
pub use key::{CreatedKey, Key, KeyList, NewKey, NewSession, Session};
pub use outcome::{Deleted, Generated, ShotUpdated};
pub use worker::{Queue, QueueList, SetQueue, WorkerList};

pub use report::{
    CancelJob, CompleteJob, EditShot, FailJob, ReportItems, ReportProgress, ReportShots, StartJob,
};
pub use stats::{Bucket, StatsReport};
pub use stream::{StreamData, StreamSnapshot};

use serde_json::Value;
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
