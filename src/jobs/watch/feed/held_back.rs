//! Events held back at a position that a client names: the last progress of some jobs. They are
//! read from the history in parts, since a client may name a position with more of them than fit
//! into memory.

use super::{Change, FeedBatch, StreamPosition};
use crate::{
    db::{Database, MAX_READ_EVENTS},
    error::Result,
    lifecycle::EventKind,
};
use entity::job_event::Model;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// Maximum number of positions that one query reads.
const MAX_READ_POSITIONS: u64 = 2_000;

pub struct DeferredEvents {
    place: StreamPosition,
    /// Positions of the events that are still to be sent.
    ids: VecDeque<i64>,
}

impl DeferredEvents {
    /// Finds the held-back events, by the rule of [`super::round::ThrottleWindow`] applied to the
    /// same events.
    pub async fn find(db: &Database, place: StreamPosition) -> Result<Self> {
        let mut jobs: HashMap<String, Option<i64>> = HashMap::new();
        let mut after = place.at.saturating_sub(place.back);
        loop {
            let rows = db
                .event_kinds_between(after, place.at, MAX_READ_POSITIONS)
                .await?;
            let Some((last, ..)) = rows.last() else { break };
            after = *last;
            for (id, job_id, kind) in rows {
                match (
                    kind == EventKind::Progressed.as_str(),
                    jobs.get_mut(&job_id),
                ) {
                    (true, Some(last)) => *last = Some(id),
                    (true, None) => _ = jobs.insert(job_id, None),
                    (false, Some(last)) => *last = None,
                    (false, None) => {}
                }
            }
        }
        let mut ids: Vec<i64> = jobs.into_values().flatten().collect();
        ids.sort_unstable();
        Ok(Self {
            place,
            ids: ids.into_iter().skip(place.sent).collect(),
        })
    }

    /// Returns the position of the stream once all held-back events are sent.
    pub fn at(&self) -> i64 {
        self.place.at
    }

    /// Returns the next batch of them; `None` when no more are left. Cancel safe.
    pub async fn next(&mut self, db: &Database) -> Result<Option<FeedBatch>> {
        let count = self
            .ids
            .len()
            .min(usize::try_from(MAX_READ_EVENTS).unwrap_or(usize::MAX));
        if count == 0 {
            return Ok(None);
        }
        let ids = self.ids.iter().take(count).copied();
        let events: Vec<Model> = db.events_at(ids).await?;
        // Events that were pruned meanwhile are skipped.
        let count = match events.last() {
            Some(last) => self.ids.partition_point(|id| *id <= last.id),
            None => count,
        };
        self.ids.drain(..count);
        self.place.sent += count;
        let (first, last) = (self.place.sent - count, self.ids.is_empty());
        let number = events.len();
        let change = |(i, event): (usize, Model)| {
            let place = if last && i + 1 == number {
                StreamPosition::of(self.place.at)
            } else {
                StreamPosition {
                    sent: first + i + 1,
                    ..self.place
                }
            };
            Change::new(Arc::new(event), place)
        };
        Ok(Some(FeedBatch::of(
            events.into_iter().enumerate().map(change).collect(),
        )))
    }
}
