//! watch_jobs: every change of every job, as it is committed, from any place on.

use super::{
    Counts, Filter, JobManager,
    feed::{Batch, Change, Joined, Place, held_back},
    validate,
};
use crate::{
    db::{PAGE, behind, first_position, last_position},
    error::{Error, FieldError, Result},
    lifecycle::EventKind,
};
use entity::{JobStatus, job_event};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use serde_json::Value;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Which events a reader wants. Each list that is empty lets everything through.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    pub job_types: Vec<String>,
    /// The status after the event.
    pub statuses: Vec<JobStatus>,
    /// Labels, each of which the job must have.
    pub labels: Vec<(String, String)>,
}

/// Why a reader has to begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// The history behind its place is not there any more.
    HistoryPruned,
    /// Its place is none that was ever given out here.
    PositionUnknown,
    /// It was too slow.
    TooSlow,
}

impl Reset {
    pub fn reason(self) -> &'static str {
        match self {
            Reset::HistoryPruned => "history_pruned",
            Reset::PositionUnknown => "position_unknown",
            Reset::TooSlow => "too_slow",
        }
    }
}

/// What a reader of all jobs is told.
pub enum JobsNews {
    /// How many jobs there are at a place: those counts, or newer ones.
    Snapshot {
        at: i64,
        counts: Counts,
    },
    Changes(Wanted),
    Reset(Reset),
}

/// Those of a batch that a reader wants; all of them when it says none in particular.
pub struct Wanted {
    pub batch: Arc<Batch>,
    pub only: Option<Vec<usize>>,
}

impl Wanted {
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        let only = self.only.as_deref();
        let wanted = move |i: &usize| only.is_none_or(|only| only.contains(i));
        self.batch.changes.iter().enumerate().filter(move |(i, _)| wanted(i)).map(|(_, change)| change)
    }

    fn is_empty(&self) -> bool {
        self.only.as_ref().is_some_and(Vec::is_empty)
    }
}

pub struct JobsWatch {
    jobs: JobManager,
    filter: EventFilter,
    stage: Stage,
    ready: VecDeque<JobsNews>,
    /// Where the reader is, whether it wanted what led there or not.
    place: Place,
}

enum Stage {
    Begin,
    /// From a place on.
    Resume(Place),
    Live(Receiver<Arc<Batch>>),
    Over,
}

/// Between two looks at whether the feed has come to a reader's place.
const SOON: Duration = Duration::from_millis(50);

impl JobManager {
    /// All changes from now on, behind a snapshot, or those behind a place that an earlier reader came to.
    ///
    /// Errors: `invalid_request`.
    pub fn watch_jobs(&self, filter: EventFilter, after: Option<Place>) -> Result<JobsWatch> {
        filter.check()?;
        let stage = after.map_or(Stage::Begin, Stage::Resume);
        let place = after.unwrap_or_default();
        Ok(JobsWatch { jobs: self.clone(), filter, stage, ready: VecDeque::new(), place })
    }
}

impl JobsWatch {
    /// Where the reader is: it may go on from here, though nothing that it wants led here.
    pub fn place(&self) -> Place {
        self.place
    }

    /// What comes next; `None` when the stream is over. Safe to be dropped while it waits.
    pub async fn next(&mut self) -> Result<Option<JobsNews>> {
        loop {
            if let Some(news) = self.ready.pop_front() {
                return Ok(Some(news));
            }
            let batch = match &mut self.stage {
                Stage::Over => return Ok(None),
                Stage::Begin => {
                    Box::pin(self.begin(None)).await?;
                    continue;
                }
                Stage::Resume(place) => {
                    let place = *place;
                    Box::pin(self.resume(place)).await?;
                    continue;
                }
                Stage::Live(next) => match next.recv().await {
                    Ok(batch) => batch,
                    Err(RecvError::Closed) => return Ok(None),
                    Err(RecvError::Lagged(_)) => {
                        self.stage = Stage::Over;
                        return Ok(Some(JobsNews::Reset(Reset::TooSlow)));
                    }
                },
            };
            self.take(batch).await?;
        }
    }

    /// A snapshot, behind which the feed goes on.
    async fn begin(&mut self, reset: Option<Reset>) -> Result<()> {
        let Some(joined) = self.jobs.feed.join().await? else {
            self.stage = Stage::Over;
            return Ok(());
        };
        let counts = self.jobs.count_jobs(&Filter::default()).await?;
        self.ready.extend(reset.map(JobsNews::Reset));
        self.ready.push_back(JobsNews::Snapshot { at: joined.from, counts });
        self.live(joined).await
    }

    /// What was missed, a page at a time, and then the feed.
    async fn resume(&mut self, place: Place) -> Result<()> {
        if let Some(reset) = self.lost(place).await? {
            return self.begin(Some(reset)).await;
        }
        let held = held_back(&self.jobs.db, place).await?;
        if !held.is_empty() {
            self.take(Arc::new(Batch::of(held))).await?;
        }
        let place = Place::of(place.at);
        let Some(joined) = self.jobs.feed.join().await? else {
            self.stage = Stage::Over;
            return Ok(());
        };
        if joined.from < place.at {
            // The feed is in the middle of what the reader has, or behind it on this server.
            tokio::time::sleep(SOON).await;
            self.stage = Stage::Resume(place);
            return Ok(());
        }
        let missed = behind(place.at).filter(job_event::Column::Id.lte(joined.from)).limit(PAGE);
        let missed = missed.all(self.jobs.db.read()).await?;
        let more = missed.len() as u64 == PAGE;
        let reached = missed.last().map_or(place.at, |event| event.id);
        self.take(Arc::new(Batch::settled(missed))).await?;
        if more {
            // Whoever has much to catch up with joins when it is there.
            self.stage = Stage::Resume(Place::of(reached));
            return Ok(());
        }
        self.live(joined).await
    }

    async fn live(&mut self, joined: Joined) -> Result<()> {
        self.place = Place::of(joined.from);
        for batch in joined.passed {
            let behind = |change: &&Change| change.event.id > joined.from;
            if batch.changes.iter().all(|change| behind(&change)) {
                self.take(batch).await?;
            } else {
                let rest = batch.changes.iter().filter(behind);
                let rest = rest.map(|change| Change::new(change.event.clone(), change.place)).collect();
                self.take(Arc::new(Batch::of(rest))).await?;
            }
        }
        self.stage = Stage::Live(joined.next);
        Ok(())
    }

    /// Why nobody can go on from this place.
    async fn lost(&self, place: Place) -> Result<Option<Reset>> {
        let conn = self.jobs.db.read();
        if place.at > last_position(conn).await? {
            return Ok(Some(Reset::PositionUnknown));
        }
        let first = first_position(conn).await?;
        Ok(first.filter(|first| place.at + 1 < *first).map(|_| Reset::HistoryPruned))
    }

    async fn take(&mut self, batch: Arc<Batch>) -> Result<()> {
        let Some(last) = batch.changes.last() else { return Ok(()) };
        let place = last.place;
        let only = self.filter.choose(&batch, &self.jobs).await?;
        let wanted = Wanted { batch, only };
        self.place = place;
        if !wanted.is_empty() {
            self.ready.push_back(JobsNews::Changes(wanted));
        }
        Ok(())
    }
}

impl EventFilter {
    fn check(&self) -> Result<()> {
        for job_type in &self.job_types {
            validate::no_nul_parameter("job_type", job_type)?;
        }
        for (key, value) in &self.labels {
            if !validate::is_label_key(key) || value.contains('\0') {
                let detail = "Use label=KEY=VALUE, with 1 to 63 of the characters A-Z a-z 0-9 . _ / - as the key.";
                return Err(Error::invalid(FieldError::parameter("label", "invalid_label", detail)));
            }
        }
        Ok(())
    }

    fn wants_all(&self) -> bool {
        self.job_types.is_empty() && self.statuses.is_empty() && self.labels.is_empty()
    }

    async fn choose(&self, batch: &Batch, jobs: &JobManager) -> Result<Option<Vec<usize>>> {
        if self.wants_all() {
            return Ok(None);
        }
        let plain = |event: &job_event::Model| {
            let of_type = event.job_type.as_ref().is_some_and(|of| self.job_types.contains(of));
            (self.job_types.is_empty() || of_type)
                && (self.statuses.is_empty() || self.statuses.contains(&event.status))
        };
        let wanted: Vec<usize> =
            batch.changes.iter().enumerate().filter(|(_, c)| plain(&c.event)).map(|(i, _)| i).collect();
        if self.labels.is_empty() || wanted.is_empty() {
            return Ok(Some(wanted));
        }
        let labels = batch.labels(&jobs.db).await?;
        let labelled = |i: &usize| {
            let event = &batch.changes[*i].event;
            let told = event.data.as_ref().filter(|_| event.kind == EventKind::Deleted.as_str());
            let has = told.map_or(labels.get(&event.job_id), |data| data.get("labels"));
            self.labels.iter().all(|(key, value)| has.and_then(|l| l.get(key)).and_then(Value::as_str) == Some(value))
        };
        Ok(Some(wanted.into_iter().filter(labelled).collect()))
    }
}
