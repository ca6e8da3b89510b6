//! Batches on their way into the database: as many at once as it takes writers, so that one is made ready while another
//! is written. Two that share an id go one after the other: the record that came first counts.

use super::{load::Loader, read::Batch, report::Outcome};
use crate::error::{Error, Result};
use sea_orm::DbErr;
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};
use tokio::task::JoinHandle;

/// More than two would only wait for the reader.
const MOST: usize = 2;

pub struct Lanes {
    loader: Arc<Loader>,
    most: usize,
    flying: VecDeque<Flight>,
}

struct Flight {
    ids: HashSet<String>,
    task: JoinHandle<Result<Vec<Outcome>>>,
}

impl Lanes {
    pub fn new(loader: Loader) -> Self {
        let most = loader.jobs.database().writers().min(MOST);
        Self { loader: Arc::new(loader), most, flying: VecDeque::new() }
    }

    /// Whether a batch has to land before another can be sent off.
    pub fn are_taken(&self) -> bool {
        self.flying.len() >= self.most
    }

    /// Sends the batch off, and answers with the outcomes of those that it had to wait for.
    pub async fn send(&mut self, batch: Batch) -> Result<Vec<Outcome>> {
        let ids = batch.entries.iter().filter_map(|entry| entry.read.as_ref().ok()).map(|record| record.job.id.clone());
        let ids: HashSet<_> = ids.collect();
        let mut landed = Vec::new();
        while self.flying.iter().any(|flight| !flight.ids.is_disjoint(&ids)) {
            landed.extend(self.land().await?);
        }
        let loader = self.loader.clone();
        let task = tokio::spawn(async move { loader.load(batch).await });
        self.flying.push_back(Flight { ids, task });
        Ok(landed)
    }

    /// Waits for the batch that was sent off first. No outcomes when there is none.
    pub async fn land(&mut self) -> Result<Vec<Outcome>> {
        let Some(flight) = self.flying.pop_front() else { return Ok(Vec::new()) };
        flight.task.await.unwrap_or_else(|e| Err(Error::Internal(format!("the import of a batch panicked: {e}"))))
    }

    /// Waits for all batches, and answers with the outcomes of those that came in.
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
