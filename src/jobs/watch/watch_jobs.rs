//! watch_jobs: stream of every committed change of every job, from any position on.

use crate::{
    db::{Part, first_position, is_lost, last_position, write::position},
    error::Result,
    jobs::{
        Counts, Filter, JobManager,
        watch::{
            event_filter::{EventFilter, FilteredBatch},
            feed::{Change, DeferredEvents, FeedBatch, Joined, StreamPosition},
            streams::Reset,
        },
    },
};
use entity::{job_event, position::PRUNED};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::{
    OwnedSemaphorePermit,
    broadcast::{Receiver, error::RecvError},
};

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
        let filter = EventFilter {
            binding: self.binding().cloned().unwrap_or_default(),
            ..filter
        };
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
        let Part { rows: missed, more } =
            self.jobs.db.events_between(place.at, joined.from).await?;
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
        if is_lost(self.jobs.db.read(), place.at).await? {
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
