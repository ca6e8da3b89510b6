//! Readiness check: reads from the database, writes to it, and removes the written row.

use crate::{
    db::{
        Database,
        connection::{
            errors,
            probe::{ProbeWrite, TakeBackProbe},
        },
    },
    error::{Error, Result},
};
use entity::job;
use sea_orm::{EntityTrait, QuerySelect};
use std::time::Duration;
use tokio::{sync::Mutex, time::Instant};

/// Time limit for the read of a check.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Time for which an outcome serves further callers.
const REUSE_FOR: Duration = Duration::from_secs(1);

/// Bytes of the written row normally, and for a while after the disk was full: small writes may
/// succeed on a disk that has no room for a job.
const PROBE_BYTES: usize = 1;
const LARGE_PROBE: usize = 256 << 10;

/// Time after the last refused write during which the written row is large.
const LARGE_PROBE_FOR: Duration = Duration::from_secs(60);

/// Last check and its outcome. Locked while a check runs, so that concurrent callers share it.
#[derive(Default)]
pub struct ReadinessCache(Mutex<Option<(Instant, Result<()>)>>);

impl Database {
    /// Reads, writes and removes the written row, at most once a second. Errors: the error with
    /// which a write would fail now.
    pub async fn ready(&self) -> Result<()> {
        let mut last = self.ready.0.lock().await;
        if last
            .as_ref()
            .is_none_or(|(at, _)| at.elapsed() >= REUSE_FOR)
        {
            *last = Some((Instant::now(), self.try_out().await));
        }
        match last.as_ref() {
            Some((_, Err(error))) => Err(errors::copy(error)),
            _ => Ok(()),
        }
    }

    async fn try_out(&self) -> Result<()> {
        let read = job::Entity::find()
            .select_only()
            .column(job::Column::Id)
            .limit(1)
            .into_tuple::<String>();
        read.one(&self.conn.within(READ_TIMEOUT)).await?;
        let full = self
            .writer
            .disk_was_full()
            .is_some_and(|ago| ago < LARGE_PROBE_FOR);
        let bytes = if full { LARGE_PROBE } else { PROBE_BYTES };
        match self.commit(ProbeWrite { bytes }).await {
            // The write queue is full, so the database is at work.
            Err(Error::Overloaded) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => self.commit(TakeBackProbe).await,
        }
    }
}
