//! Events that go to the subscribers together, with the messages that are built once for all
//! subscribers.

use super::StreamPosition;
use crate::{
    db::{Database, write::weight_of},
    error::Result,
};
use bytes::Bytes;
use entity::job_event;
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};
use tokio::sync::OnceCell;

/// Approximate size of an event without its data, in bytes.
const EVENT_BYTES: usize = 256;

/// Event on its way to the subscribers.
pub struct Change {
    pub event: Arc<job_event::Model>,
    /// Position in the stream of all events after this event was sent.
    pub place: StreamPosition,
    in_all: OnceLock<Bytes>,
    in_its_job: OnceLock<Bytes>,
}

#[derive(Default)]
pub struct FeedBatch {
    pub changes: Vec<Change>,
    /// Approximate size of the batch, in bytes.
    pub weight: usize,
    all_messages: OnceLock<Bytes>,
    labels: OnceCell<HashMap<String, Value>>,
}

impl Change {
    pub fn new(event: Arc<job_event::Model>, place: StreamPosition) -> Self {
        Self {
            event,
            place,
            in_all: OnceLock::new(),
            in_its_job: OnceLock::new(),
        }
    }

    /// Returns the event as a message of the stream of all events. The first caller builds it.
    pub fn in_all(&self, make: impl FnOnce(&Self) -> Bytes) -> Bytes {
        self.in_all.get_or_init(|| make(self)).clone()
    }

    /// Returns the event as a message of the stream of its job. The first caller builds it.
    pub fn in_its_job(&self, make: impl FnOnce(&Self) -> Bytes) -> Bytes {
        self.in_its_job.get_or_init(|| make(self)).clone()
    }
}

impl FeedBatch {
    /// Builds a batch of events whose places in the history are final.
    pub fn settled(events: Vec<job_event::Model>) -> Self {
        let change = |event: job_event::Model| {
            let place = StreamPosition::of(event.id);
            Change::new(Arc::new(event), place)
        };
        Self::of(events.into_iter().map(change).collect())
    }

    pub fn of(changes: Vec<Change>) -> Self {
        let weight = changes
            .iter()
            .map(|change| EVENT_BYTES + change.event.data.as_ref().map_or(0, weight_of))
            .sum();
        Self {
            changes,
            weight,
            ..Self::default()
        }
    }

    /// Returns all messages in one buffer. The first caller builds it.
    pub fn all_messages(&self, make: impl FnOnce(&Self) -> Bytes) -> Bytes {
        self.all_messages.get_or_init(|| make(self)).clone()
    }

    /// Loads the labels of the jobs, once for all subscribers that filter by label. A deleted job
    /// is missing here: its last event contains its labels.
    pub async fn labels(&self, db: &Database) -> Result<&HashMap<String, Value>> {
        let look = || async {
            let ids: BTreeSet<&str> = self
                .changes
                .iter()
                .map(|change| change.event.job_id.as_str())
                .collect();
            db.labels_of(ids).await
        };
        self.labels.get_or_try_init(look).await
    }
}
