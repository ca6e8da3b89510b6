//! Whether the database can do its work: it is read, and written to, and the write is taken back.

use super::{
    Database, errors,
    write::{ProbeWrite, TakeBackProbe},
};
use crate::error::{Error, Result};
use entity::job;
use sea_orm::{EntityTrait, QuerySelect};
use std::time::Duration;
use tokio::{sync::Mutex, time::Instant};

/// How long the database has to show that it can be read.
const CHECK: Duration = Duration::from_secs(5);

/// How long an outcome serves those who ask.
const FRESH: Duration = Duration::from_secs(1);

/// Bytes of a probe as a rule, and while the disk was full of late: small writes may succeed on a disk
/// that has no room for a job.
const PROBE: usize = 1;
const LARGE_PROBE: usize = 256 << 10;

/// How long after the last refused write the probe is large.
const DOUBT: Duration = Duration::from_secs(60);

/// The last check and its outcome. Held while a check runs, so that those who ask meanwhile share it.
#[derive(Default)]
pub struct LastCheck(Mutex<Option<(Instant, Result<()>)>>);

impl Database {
    /// Reads, writes and takes the write back, at most once a second. Errors: what a write would fail
    /// with now.
    pub async fn ready(&self) -> Result<()> {
        let mut last = self.ready.0.lock().await;
        if last.as_ref().is_none_or(|(at, _)| at.elapsed() >= FRESH) {
            *last = Some((Instant::now(), self.try_out().await));
        }
        match last.as_ref() {
            Some((_, Err(error))) => Err(errors::same(error)),
            _ => Ok(()),
        }
    }

    async fn try_out(&self) -> Result<()> {
        let read = job::Entity::find().select_only().column(job::Column::Id).limit(1).into_tuple::<String>();
        read.one(&self.conn.within(CHECK)).await?;
        let full = self.writer.disk_was_full().is_some_and(|ago| ago < DOUBT);
        let bytes = if full { LARGE_PROBE } else { PROBE };
        match self.commit(ProbeWrite { bytes }).await {
            // Busy, and at work.
            Err(Error::Overloaded) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => self.commit(TakeBackProbe).await,
        }
    }
}
