//! watch_jobs: stream of every committed change of every job, from any position on.

use super::{
    Counts, Filter, JobManager,
    feed::{Change, DeferredEvents, FeedBatch, Joined, StreamPosition},
    validate,
};
use crate::{
    db::{
        LONG_EVENT, MAX_READ_EVENTS, Part, behind, first_position, last_position, part,
        write::position,
    },
    error::{Error, FieldError, Result},
    lifecycle::EventKind,
};
use entity::{JobStatus, job_event, position::PRUNED};
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::Value;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::{
    OwnedSemaphorePermit,
    broadcast::{Receiver, error::RecvError},
};

/// Maximum number of streams per server, of all jobs and of single jobs together.
pub const MAX_STREAMS: usize = 2_000;

/// Filter of the events of a stream. An empty list matches everything.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    pub job_types: Vec<String>,
    /// Statuses after the event.
    pub statuses: Vec<JobStatus>,
    /// Labels, each of which the job must have.
    pub labels: Vec<(String, String)>,
}

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

/// Message to a subscriber of all jobs.
pub enum JobsMessage {
    /// Counts of all jobs at a position, or slightly newer ones.
    Snapshot {
        at: i64,
        counts: Counts,
    },
    Changes(FilteredBatch),
    Reset(Reset),
}

/// Events of a batch that a subscriber wants: those at the indexes in `only`, or all if it is
/// `None`.
pub struct FilteredBatch {
    pub batch: Arc<FeedBatch>,
    pub only: Option<Vec<usize>>,
}

impl FilteredBatch {
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        let only = self.only.as_deref();
        let wanted = move |i: &usize| only.is_none_or(|only| only.contains(i));
        self.batch
            .changes
            .iter()
            .enumerate()
            .filter(move |(i, _)| wanted(i))
            .map(|(_, change)| change)
    }

    fn is_empty(&self) -> bool {
        self.only.as_ref().is_some_and(Vec::is_empty)
    }
}

pub struct JobsWatch {
    jobs: JobManager,
    filter: EventFilter,
    stage: Stage,
    /// Batches that are still to be filtered.
    found: VecDeque<Arc<FeedBatch>>,
    ready: VecDeque<JobsMessage>,
    /// Position of the client, including events that its filter leaves out.
    place: Option<StreamPosition>,
    _place: OwnedSemaphorePermit,
}

enum Stage {
    Begin,
    /// Resume from a position.
    Resume(StreamPosition),
    /// Send the events first that were held back at the position.
    Deferred(DeferredEvents),
    Live(Receiver<Arc<FeedBatch>>),
    Ended,
}

/// Time between two checks whether the feed has reached a client's position.
const CATCH_UP_DELAY: Duration = Duration::from_millis(50);

impl JobManager {
    /// Streams all changes: behind a snapshot, or behind the position that an earlier stream
    /// reached.
    ///
    /// Errors: `invalid_request`, `overloaded` when the server has reached its limit of streams.
    pub fn watch_jobs(
        &self,
        filter: EventFilter,
        after: Option<StreamPosition>,
    ) -> Result<JobsWatch> {
        filter.check()?;
        let stage = after.map_or(Stage::Begin, Stage::Resume);
        Ok(JobsWatch {
            jobs: self.clone(),
            filter,
            stage,
            found: VecDeque::new(),
            ready: VecDeque::new(),
            place: after,
            _place: self.stream_place()?,
        })
    }

    /// Takes the permit of one stream.
    ///
    /// Errors: `overloaded` when the server has reached its limit of streams.
    pub(super) fn stream_place(&self) -> Result<OwnedSemaphorePermit> {
        self.streams
            .clone()
            .try_acquire_owned()
            .map_err(|_| Error::Full("streams"))
    }
}

impl JobsWatch {
    /// Returns the client's position, once anything was sent. The client may resume from it even if
    /// its filter left out the last events.
    pub fn place(&self) -> Option<StreamPosition> {
        self.place
    }

    /// Returns the next message; `None` when the stream is over. Cancel safe: the state changes
    /// only after the last await.
    pub async fn next(&mut self) -> Result<Option<JobsMessage>> {
        loop {
            if let Some(news) = self.ready.pop_front() {
                return Ok(Some(news));
            }
            if let Some(batch) = self.found.front().cloned() {
                let only = self.filter.choose(&batch, &self.jobs).await?;
                self.found.pop_front();
                self.take(FilteredBatch { batch, only });
                continue;
            }
            match &mut self.stage {
                Stage::Ended => return Ok(None),
                Stage::Begin => Box::pin(self.begin(None)).await?,
                Stage::Resume(place) => {
                    let place = *place;
                    Box::pin(self.resume(place)).await?;
                }
                Stage::Deferred(late) => {
                    let next = Box::pin(late.next(&self.jobs.db)).await?;
                    match next {
                        Some(batch) => self.found.push_back(Arc::new(batch)),
                        None => self.stage = Stage::Resume(StreamPosition::of(late.at())),
                    }
                }
                Stage::Live(next) => match next.recv().await {
                    Ok(batch) => self.found.push_back(batch),
                    Err(RecvError::Closed) => return Ok(None),
                    Err(RecvError::Lagged(_)) => {
                        self.stage = Stage::Ended;
                        return Ok(Some(JobsMessage::Reset(Reset::TooSlow)));
                    }
                },
            }
        }
    }

    /// Queues a snapshot, and continues with the feed behind it.
    async fn begin(&mut self, reset: Option<Reset>) -> Result<()> {
        let Some(joined) = self.jobs.feed.join().await? else {
            self.stage = Stage::Ended;
            return Ok(());
        };
        let counts = self.jobs.count_jobs(&Filter::default()).await?;
        self.ready.extend(reset.map(JobsMessage::Reset));
        self.ready.push_back(JobsMessage::Snapshot {
            at: joined.from,
            counts,
        });
        self.place = Some(StreamPosition::of(joined.from));
        self.live(joined);
        Ok(())
    }

    /// Reads the missed events page by page, and then joins the feed.
    async fn resume(&mut self, place: StreamPosition) -> Result<()> {
        if let Some(reset) = self.lost(place).await? {
            return self.begin(Some(reset)).await;
        }
        if place.back > 0 {
            self.stage = Stage::Deferred(DeferredEvents::find(&self.jobs.db, place).await?);
            return Ok(());
        }
        let Some(joined) = self.jobs.feed.join().await? else {
            self.stage = Stage::Ended;
            return Ok(());
        };
        if joined.from < place.at {
            // The feed of this server is behind the client's position, or holds it inside an open
            // round.
            tokio::time::sleep(CATCH_UP_DELAY).await;
            return Ok(());
        }
        let missed = behind(place.at).filter(job_event::Column::Id.lte(joined.from));
        let Part { rows: missed, more } =
            part(missed, MAX_READ_EVENTS, &LONG_EVENT, self.jobs.db.read()).await?;
        // Events may have been pruned since the check, which leaves a gap in this page.
        if let Some(reset) = self.pruned(place).await? {
            return self.begin(Some(reset)).await;
        }
        let reached = missed
            .last()
            .map_or(place.at, |event: &job_event::Model| event.id);
        self.found.push_back(Arc::new(FeedBatch::settled(missed)));
        if more {
            // A client with many missed events joins the feed after it has read them.
            self.stage = Stage::Resume(StreamPosition::of(reached));
        } else {
            self.live(joined);
        }
        Ok(())
    }

    fn live(&mut self, joined: Joined) {
        for batch in joined.passed {
            // A round may have begun in the middle of a batch.
            let behind = batch
                .changes
                .iter()
                .filter(|change| change.event.id > joined.from);
            let behind: Vec<_> = behind
                .map(|change| Change::new(change.event.clone(), change.place))
                .collect();
            let whole = behind.len() == batch.changes.len();
            self.found.push_back(if whole {
                batch
            } else {
                Arc::new(FeedBatch::of(behind))
            });
        }
        self.stage = Stage::Live(joined.next);
    }

    /// Returns the reason why a stream cannot resume from this position, if there is one.
    async fn lost(&self, place: StreamPosition) -> Result<Option<Reset>> {
        if place.at > last_position(self.jobs.db.read()).await? {
            return Ok(Some(Reset::PositionUnknown));
        }
        self.pruned(place).await
    }

    /// Returns a reset if events behind the position have been deleted.
    async fn pruned(&self, place: StreamPosition) -> Result<Option<Reset>> {
        let conn = self.jobs.db.read();
        if place.at == 0 {
            // Position 0 means the oldest event that exists.
            return Ok(None);
        }
        if place.at < position(conn, PRUNED).await? {
            return Ok(Some(Reset::HistoryPruned));
        }
        let first = first_position(conn).await?;
        Ok(first
            .filter(|first| place.at.saturating_add(1) < *first)
            .map(|_| Reset::HistoryPruned))
    }

    fn take(&mut self, wanted: FilteredBatch) {
        let Some(last) = wanted.batch.changes.last() else {
            return;
        };
        self.place = Some(last.place);
        if !wanted.is_empty() {
            self.ready.push_back(JobsMessage::Changes(wanted));
        }
    }
}

impl EventFilter {
    fn check(&self) -> Result<()> {
        for job_type in &self.job_types {
            validate::no_nul_parameter("job_type", job_type)?;
        }
        for (key, value) in &self.labels {
            if !validate::is_label_key(key) || value.contains('\0') {
                let detail = "Use label=KEY=VALUE, with 1 to 63 of the characters A-Z a-z 0-9 . _ \
                    / - as the key.";
                return Err(Error::invalid(FieldError::parameter(
                    "label",
                    "invalid_label",
                    detail,
                )));
            }
        }
        Ok(())
    }

    fn wants_all(&self) -> bool {
        self.job_types.is_empty() && self.statuses.is_empty() && self.labels.is_empty()
    }

    async fn choose(&self, batch: &FeedBatch, jobs: &JobManager) -> Result<Option<Vec<usize>>> {
        if self.wants_all() {
            return Ok(None);
        }
        let plain = |event: &job_event::Model| {
            let of_type = event
                .job_type
                .as_ref()
                .is_some_and(|of| self.job_types.contains(of));
            (self.job_types.is_empty() || of_type)
                && (self.statuses.is_empty() || self.statuses.contains(&event.status))
        };
        let wanted: Vec<usize> = batch
            .changes
            .iter()
            .enumerate()
            .filter(|(_, c)| plain(&c.event))
            .map(|(i, _)| i)
            .collect();
        if self.labels.is_empty() || wanted.is_empty() {
            return Ok(Some(wanted));
        }
        let labels = batch.labels(&jobs.db).await?;
        let labelled = |i: &usize| {
            let event = &batch.changes[*i].event;
            let deleted_data = event
                .data
                .as_ref()
                .filter(|_| event.kind == EventKind::Deleted.as_str());
            let has = deleted_data.map_or(labels.get(&event.job_id), |data| data.get("labels"));
            self.labels.iter().all(|(key, value)| {
                has.and_then(|l| l.get(key)).and_then(Value::as_str) == Some(value)
            })
        };
        Ok(Some(wanted.into_iter().filter(labelled).collect()))
    }
}
