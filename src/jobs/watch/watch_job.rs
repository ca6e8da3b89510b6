//! watch_job: stream of the changes of one job until it ends.

use crate::{
    db::{MAX_READ_EVENTS, Part},
    error::Result,
    jobs::{
        Forecast, JobManager, Shot,
        watch::{event_filter::FilteredBatch, feed::FeedBatch, streams::Reset},
    },
    lifecycle::{EventKind, is_terminal},
};
use entity::{job, job_event};
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::{
    OwnedSemaphorePermit,
    broadcast::{Receiver, error::RecvError},
};

/// Message to a subscriber of one job.
pub enum JobMessage {
    /// Job with its shots, the position of the last shot if more follow, and its forecast.
    Snapshot(Box<(job::Model, Vec<Shot>, Option<i32>, Forecast)>),
    Changes(FilteredBatch),
    Reset(Reset),
}

pub struct JobWatch {
    jobs: JobManager,
    id: String,
    /// Version that the subscriber has.
    seq: i64,
    stage: Stage,
    ready: VecDeque<JobMessage>,
    /// Batch of which it is not known yet whether the job is still there for the subscriber.
    unchecked: Option<Arc<FeedBatch>>,
    _place: OwnedSemaphorePermit,
}

enum Stage {
    /// Nothing sent yet; with the version that the client says it has.
    Begin(Option<i64>),
    /// Not subscribed to the feed yet; the history is read after that.
    Join,
    CatchUp(Receiver<Arc<FeedBatch>>),
    Live(Receiver<Arc<FeedBatch>>),
    Ended,
}

impl JobManager {
    /// Streams the changes of a job behind a version, or a snapshot and the changes behind it. The
    /// stream ends with the job. `None` if the job has ended and the client has its last version.
    ///
    /// Errors: `job_not_found`, `overloaded` when the server has reached its limit of streams.
    pub async fn watch_job(&self, id: &str, after: Option<i64>) -> Result<Option<JobWatch>> {
        let job = self.get_job(id).await?;
        if is_terminal(job.status) && after.is_some_and(|after| after >= job.version) {
            return Ok(None);
        }
        let watch = JobWatch {
            jobs: self.clone(),
            id: id.to_owned(),
            seq: 0,
            stage: Stage::Begin(after),
            ready: VecDeque::new(),
            unchecked: None,
            _place: self.stream_place()?,
        };
        Ok(Some(watch))
    }
}

impl JobWatch {
    /// Returns the next message; `None` when the stream is over. Cancel safe.
    pub async fn next(&mut self) -> Result<Option<JobMessage>> {
        loop {
            if let Some(news) = self.ready.pop_front() {
                return Ok(Some(news));
            }
            if let Some(batch) = self.unchecked.clone() {
                let is_there = self.is_there(&batch).await?;
                self.unchecked = None;
                if !is_there || self.take(batch) {
                    self.stage = Stage::Ended;
                }
                continue;
            }
            let batch = match &mut self.stage {
                Stage::Ended => return Ok(None),
                Stage::Live(next) => match next.recv().await {
                    Ok(batch) => batch,
                    Err(RecvError::Closed) => return Ok(None),
                    // The history has the events that the ring buffer no longer has.
                    Err(RecvError::Lagged(_)) => {
                        self.stage = Stage::Join;
                        continue;
                    }
                },
                _ => {
                    Box::pin(self.prepare()).await?;
                    continue;
                }
            };
            if self.jobs.binding().is_some() {
                self.unchecked = Some(batch);
            } else if self.take(batch) {
                self.stage = Stage::Ended;
            }
        }
    }

    /// Returns whether the job is still there for a subscriber whose key is bound to labels: they
    /// may have changed.
    async fn is_there(&self, batch: &FeedBatch) -> Result<bool> {
        let mut events = batch.changes.iter().map(|change| &change.event);
        let Some(event) = events.rfind(|event| event.job_id == self.id) else {
            return Ok(true);
        };
        let Some(binding) = self.jobs.binding() else {
            return Ok(true);
        };
        let kept = event.data.as_ref().and_then(|data| data.get("labels"));
        let deleted = event.kind == EventKind::Deleted.as_str();
        let now = batch.labels(&self.jobs.db).await?;
        let labels = kept.filter(|_| deleted).or_else(|| now.get(&self.id));
        Ok(binding.holds_labels(labels))
    }

    async fn prepare(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.stage, Stage::Join) {
            Stage::Begin(after) => {
                // If this future is dropped while it waits, the next call resumes from here.
                self.stage = Stage::Begin(after);
                self.begin(after).await
            }
            Stage::Join => {
                self.stage = self
                    .jobs
                    .feed
                    .join()
                    .await?
                    .map_or(Stage::Ended, |joined| Stage::CatchUp(joined.next));
                Ok(())
            }
            Stage::CatchUp(next) => {
                let Part { rows: events, more } = self.behind(self.seq).await?;
                // Events may have been pruned since the check. A deleted job loses its events too,
                // but its last event reports that.
                let gap = |next: &job_event::Model| {
                    next.seq > self.seq.saturating_add(1)
                        && next.kind != EventKind::Deleted.as_str()
                };
                if events.first().is_some_and(gap) {
                    return self.begin_anew(Some(Reset::HistoryPruned)).await;
                }
                self.stage = if more {
                    Stage::CatchUp(next)
                } else {
                    Stage::Live(next)
                };
                let ended = self.take(Arc::new(FeedBatch::settled(events)));
                if ended && !more {
                    self.stage = Stage::Ended;
                }
                Ok(())
            }
            stage => {
                self.stage = stage;
                Ok(())
            }
        }
    }

    async fn begin(&mut self, after: Option<i64>) -> Result<()> {
        let reset = match after {
            Some(after) => self.lost(after).await?,
            None => None,
        };
        match (after, reset) {
            (Some(after), None) => {
                self.seq = after;
                self.stage = Stage::Join;
            }
            _ => self.begin_anew(reset).await?,
        }
        Ok(())
    }

    /// Queues a snapshot, and continues with the history behind it.
    async fn begin_anew(&mut self, reset: Option<Reset>) -> Result<()> {
        let (job, shots, next_after) = self.jobs.list_shots(&self.id, None).await?;
        self.ready.extend(reset.map(JobMessage::Reset));
        self.seq = job.version;
        self.stage = if is_terminal(job.status) {
            Stage::Ended
        } else {
            Stage::Join
        };
        let forecast = self.jobs.forecast(&job).await?;
        let snapshot = Box::new((job, shots, next_after, forecast));
        self.ready.push_back(JobMessage::Snapshot(snapshot));
        Ok(())
    }

    /// Returns the reason why a stream cannot resume from this version, if there is one.
    async fn lost(&self, after: i64) -> Result<Option<Reset>> {
        let version = self.jobs.get_job(&self.id).await?.version;
        if after > version || after < 0 {
            return Ok(Some(Reset::PositionUnknown));
        }
        let next = self.behind(after).await?.first().map(|event| event.seq);
        let whole = next.map_or(after == version, |next| Some(next) == after.checked_add(1));
        Ok((!whole).then_some(Reset::HistoryPruned))
    }

    async fn behind(&self, seq: i64) -> Result<Part<job_event::Model>> {
        self.jobs
            .db
            .events_of_job(&self.id, seq, MAX_READ_EVENTS)
            .await
    }

    /// Takes the new events of this job, and returns whether the job ended with them.
    fn take(&mut self, batch: Arc<FeedBatch>) -> bool {
        let mut only = Vec::new();
        for (i, change) in batch.changes.iter().enumerate() {
            let event = &change.event;
            if event.job_id == self.id && event.seq > self.seq {
                self.seq = event.seq;
                only.push(i);
            }
        }
        let Some(last) = only.last().map(|i| &batch.changes[*i].event) else {
            return false;
        };
        let ended = is_terminal(last.status) || last.kind == EventKind::Deleted.as_str();
        self.ready.push_back(JobMessage::Changes(FilteredBatch {
            batch,
            only: Some(only),
        }));
        ended
    }
}
