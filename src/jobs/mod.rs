//! `JobManager`: the one service. HTTP, CLI and background loops are faces of it: whatever they can do is a verb here.

mod actions;
mod active_jobs;
mod cancel_job;
mod count_jobs;
mod create_job;
mod delete_job;
mod enter;
mod episodes;
mod events;
mod export_jobs;
mod feed;
mod finish_job;
mod get_job;
mod imports;
mod items;
mod list_jobs;
mod progress;
mod retry_job;
mod series;
mod shots;
mod start_job;
mod stats;
mod update_job;
mod validate;
mod watch_job;
mod watch_jobs;

pub use actions::{ActionFilter, NewAction, Preview};
pub use count_jobs::Counts;
pub use create_job::{Idempotency, MAX_ITEMS, NewItem, NewJob};
pub use episodes::NewEpisode;
pub use export_jobs::WholeJob;
pub use feed::{Change as FeedChange, Place};
pub use finish_job::Failure;
pub use imports::Batch;
pub use items::ItemReport;
pub use list_jobs::{Filter, Order, Page, PageAfter, View, page};
pub use progress::Progress;
pub use series::NewSeries;
pub use shots::{Shot, ShotEdit, ShotStatus};
pub use stats::Stats;
pub use update_job::JobPatch;
pub use validate::{escape, no_nul_parameter};
pub use watch_job::{JobNews, JobWatch};
pub use watch_jobs::{EventFilter, JobsNews, JobsWatch, Reset, Wanted};

use crate::{
    chance::{Chance, SystemChance},
    clock::{Clock, SystemClock},
    db::{
        Database,
        write::{Change, ChangeJob, Items, Loaded},
    },
    error::{Result, Thing},
    lifecycle::Cursor,
    process,
};
use chrono::{DateTime, Utc};
use entity::job;
use feed::Feed;
use std::sync::Arc;
use tokio::sync::Notify;

/// Which versions of a job a change may be made to: those of an `If-Match`, or any.
pub type IfVersion = Option<Vec<i64>>;

#[derive(Clone)]
pub struct JobManager {
    db: Database,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    feed: Feed,
    /// An action was begun here.
    wake: Arc<Notify>,
    /// Names this service in what it works on.
    owner: Arc<str>,
}

impl JobManager {
    pub fn new(db: Database, clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Self {
        let process = process::own().unwrap_or_else(|| "? ? ? ?".to_owned());
        let owner = format!("{process} {}", uuid::Uuid::now_v7()).into();
        Self { feed: Feed::new(db.clone()), db, clock, chance, wake: Arc::default(), owner }
    }

    /// Without a database: see [`Database::detached`].
    pub fn detached() -> Self {
        Self::new(Database::detached(), Arc::new(SystemClock), Arc::new(SystemChance))
    }

    /// For connecting, migrating and closing; what changes a job is a verb.
    pub fn database(&self) -> &Database {
        &self.db
    }

    /// Ends all streams and waits: the process is about to end.
    pub async fn end_streams(&self) {
        self.feed.end().await;
    }

    /// Returns when the process is about to end.
    pub async fn ending(&self) {
        self.feed.ended().await;
    }

    fn owner(&self) -> String {
        self.owner.to_string()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Changes one job: `decide` gets the row, and the present moment, and answers with the row as it is to be.
    async fn change(
        &self,
        id: &str,
        if_version: IfVersion,
        items: Items,
        decide: impl Fn(&Loaded, DateTime<Utc>) -> Result<Option<Change>> + Send + Sync + 'static,
    ) -> Result<job::Model> {
        validate::may_exist(id, Thing::Job)?;
        let now = self.now();
        let decide = Box::new(move |loaded: &Loaded| {
            let change = decide(loaded, now)?;
            Ok(change.map(|mut change| {
                change.job.updated_at = now;
                change
            }))
        });
        self.db.commit(ChangeJob { id: id.to_owned(), if_version, items, decide }).await
    }
}

/// A page out of one row more than the page holds, and where the next begins when there is one.
fn cut<R>(mut rows: Vec<R>, limit: u64, place: impl Fn(&R) -> Cursor) -> (Vec<R>, Option<Cursor>) {
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(place);
    (rows, next)
}
