//! Readiness check: reads from the database, writes to it, and removes the written row.

use crate::{
    db::{
        Database,
        connection::{
            errors,
            probe::{ProbeWrite, TakeBackProbe},
            schema_state::{SchemaState, schema_state},
        },
        dialect,
    },
    error::{Error, Result},
};
use entity::job;
use sea_orm::{EntityTrait, QuerySelect};
use std::{sync::Arc, time::Duration};
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

/// What one check of the database found.
pub struct DatabaseCheck {
    /// Whether a read, and a write that was removed again, succeeded; otherwise the error with
    /// which a write would fail now.
    pub outcome: Result<()>,
    /// Time that the read took.
    pub latency: Duration,
    /// Version of the database system; `None` if it did not say.
    pub version: Option<String>,
    /// Steps of the schema; `None` if they could not be read.
    pub schema: Option<SchemaState>,
}

impl DatabaseCheck {
    /// Returns the error with which a write would fail now.
    pub fn error(&self) -> Option<Error> {
        self.outcome.as_ref().err().map(errors::copy)
    }
}

/// Time and outcome of a check.
type LastCheck = Option<(Instant, Arc<DatabaseCheck>)>;

/// Last check and its outcome. Locked while a check runs, so that concurrent callers share it.
#[derive(Default)]
pub struct ReadinessCache(Mutex<LastCheck>);

impl Database {
    /// Reads, writes and removes the written row, at most once a second, and returns what was
    /// found.
    pub async fn check(&self) -> Arc<DatabaseCheck> {
        let mut last = self.ready.0.lock().await;
        if let Some((at, check)) = last.as_ref()
            && at.elapsed() < REUSE_FOR
        {
            return check.clone();
        }
        let began = Instant::now();
        let check = Arc::new(self.try_out().await);
        *last = Some((began, check.clone()));
        check
    }

    /// Returns the error with which a write would fail now.
    pub async fn ready(&self) -> Result<()> {
        self.check().await.error().map_or(Ok(()), Err)
    }

    async fn try_out(&self) -> DatabaseCheck {
        let began = Instant::now();
        let conn = self.conn.within(READ_TIMEOUT);
        let read = job::Entity::find()
            .select_only()
            .column(job::Column::Id)
            .limit(1)
            .into_tuple::<String>();
        let read = read.one(&self.conn.within(READ_TIMEOUT)).await;
        let latency = began.elapsed();
        let (outcome, version, schema) = match read {
            Err(error) => (Err(error.into()), None, None),
            Ok(_) => {
                let version = dialect::version(&conn).await.ok();
                let schema = schema_state(&conn).await.ok();
                (self.try_write().await, version, schema)
            }
        };
        DatabaseCheck {
            outcome,
            latency,
            version,
            schema,
        }
    }

    async fn try_write(&self) -> Result<()> {
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
