//! Batches on their way to the database: as many at once as it has writers, up to two, so that one
//! is prepared while another is written. Two batches that share an id run one after the other, so
//! that the first record of an id counts.

use super::{load::Loader, read::RecordBatch, report::Outcome};
use crate::error::{Error, Result};
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};
use tokio::task::JoinHandle;

/// Maximum batches in flight. More would only wait for the reader.
const MAX_IN_FLIGHT: usize = 2;

pub struct InFlight {
    loader: Arc<Loader>,
    most: usize,
    flying: VecDeque<PendingBatch>,
}

struct PendingBatch {
    ids: HashSet<String>,
    task: JoinHandle<Result<Vec<Outcome>>>,
}

impl InFlight {
    pub fn new(loader: Loader) -> Self {
        let most = loader.jobs.database().writers().min(MAX_IN_FLIGHT);
        Self {
            loader: Arc::new(loader),
            most,
            flying: VecDeque::new(),
        }
    }

    /// Whether a batch must finish before another can start.
    pub fn are_taken(&self) -> bool {
        self.flying.len() >= self.most
    }

    /// Starts a batch. Returns the outcomes of the earlier batches that it had to wait for.
    pub async fn send(&mut self, batch: RecordBatch) -> Result<Vec<Outcome>> {
        let ids = batch
            .entries
            .iter()
            .filter_map(|entry| entry.read.as_ref().ok())
            .map(|record| record.job.id.clone());
        let ids: HashSet<_> = ids.collect();
        let mut landed = Vec::new();
        while self
            .flying
            .iter()
            .any(|flight| !flight.ids.is_disjoint(&ids))
        {
            landed.extend(self.land().await?);
        }
        let loader = self.loader.clone();
        let task = tokio::spawn(async move { loader.load(batch).await });
        self.flying.push_back(PendingBatch { ids, task });
        Ok(landed)
    }

    /// Waits for the oldest batch and returns its outcomes; empty when there is none.
    pub async fn land(&mut self) -> Result<Vec<Outcome>> {
        let Some(flight) = self.flying.pop_front() else {
            return Ok(Vec::new());
        };
        flight.task.await.unwrap_or_else(|e| {
            Err(Error::Internal(format!(
                "the import of a batch panicked: {e}"
            )))
        })
    }

    /// Waits for all batches and returns the outcomes of those that succeeded.
    pub async fn land_all(&mut self) -> Vec<Outcome> {
        let mut landed = Vec::new();
        while !self.flying.is_empty() {
            landed.extend(self.land().await.unwrap_or_default());
        }
        landed
    }

    pub fn are_empty(&self) -> bool {
        self.flying.is_empty()
    }
}
