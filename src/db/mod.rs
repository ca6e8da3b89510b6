//! Database access: connections, migrations, write transactions. The only module that distinguishes
//! the backends.

mod actions;
mod catalog;
mod changes;
mod connection;
mod dialect;
mod events;
mod imports;
mod items;
mod jobs;
mod retention;
mod rows;
mod stats;
pub mod write;
mod writer;

pub use actions::scope::{ActionScope, ActionVerb};
pub use catalog::audit::AuditFilter;
pub use catalog::kept_lists::LISTS;
pub use catalog::webhooks::{events_for, job_url::JobUrl, of_jobs::endpoints_due};
pub use changes::certain::{Certain, certain_behind};
pub use changes::change_bus::{ChangeBus, CommitNotice, JobChanged, Subscription};
pub use changes::history::{MAX_READ_EVENTS, first_position, last_position};
pub use changes::job_cache::{CacheNumbers, CachedJob, JobCache, MAX_AGE};
pub use changes::redis_tier::{
    BUDGET as REDIS_BUDGET, LinkState as RedisState, RedisNumbers, RedisOptions, RedisTier,
    SharedRead, try_once as try_redis,
};
pub use changes::tail::Tail;
pub use connection::backup::{BackupError, BackupFile, MarkRestored, Restored, is_lost, restore};
pub use connection::connect::{ConnectError, Observer, Options, sqlite_file, without_values};
pub use connection::errors::is_unique_violation;
pub use connection::faults::{Fault, Faults, Step};
pub use connection::inspect::{
    Drift, Inspector, Orphans, PostgresFacts, ScheduleFacts, SchemaDrift, ServerFacts, SqliteFacts,
    WaitingType, WorkFacts, describe_schema,
};
pub use connection::migrate::{self, MigrateError, is_at_least};
pub use connection::postgres::other_engine;
pub use connection::ready::DatabaseCheck;
pub use connection::schema_state::{SchemaState, newest_step};
pub use connection::timed::TimedConn;
pub use events::kept::{KEPT, hide_kept};
pub use imports::EndedImport;
pub use items::read::{JobFiles, ShownItems};
pub use jobs::list::columns::View;
pub use jobs::list::index_scan::IndexScan;
pub use jobs::list::page::{JobRows, page as page_query};
pub use jobs::list::scan::FoundKey;
pub use jobs::read::export_jobs::WholeJob;
pub use retention::ended::{ENDED, EndedCount, EndedJob, EndedJobs, KEEP_LABEL};
pub use retention::{archived::ArchiveRow, archived_matching::ArchivedScope};
pub use rows::decode::unreadable_rows;
pub use rows::job_rows::{jobs as jobs_of, one_job, page as page_of_jobs};
pub use rows::part::{ANSWER_BYTES, PART_BYTES, Part, fitting, part};
pub use rows::readable::{Readable, page};
pub use stats::backlog::{Failed, Oldest, QueueBacklog, WorkerNumbers};
pub use stats::buckets::BucketReader;
pub use write::claim_statements;
pub use writer::tx::Tx;
pub use writer::{BatchWrite, Call, Entry, QueuedWrite, Write, WriteOutcome, Writer};

use crate::{lifecycle::Principal, metrics::Instruments};
use changes::notifier::Notifier;
use chrono::{DateTime, Utc};
use connection::{errors, ready::ReadinessCache};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseConnectionType, DatabaseTransaction, DbErr,
    QueryResult, Statement,
};
use std::{ops::Deref, sync::Arc, time::Duration};

/// Connection pool whose statements have a time limit.
pub type Reader = TimedConn<DatabaseConnection>;

/// Time limit for closing the connections.
const CLOSE: Duration = Duration::from_secs(5);

/// Database of the service, as one caller uses it.
#[derive(Clone)]
pub struct Database {
    pool: Arc<Pool>,
    /// Caller whose writes these are; `None` for the server itself and the command line.
    caller: Option<Arc<Principal>>,
}

/// Connection pool of one database, with its only writer.
pub struct Pool {
    conn: Reader,
    writer: Writer,
    for_writing: Reader,
    /// Connections for migrations: those of `conn` unless these lead through a pooler.
    direct: Reader,
    writers: usize,
    connections: u32,
    bus: ChangeBus,
    notifier: Option<Notifier>,
    /// URL of a direct connection to the database.
    url: Arc<str>,
    ready: Arc<ReadinessCache>,
    instruments: Arc<Instruments>,
}

impl Deref for Database {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        &self.pool
    }
}

impl Database {
    /// Returns the caller; `None` for the server itself and the command line.
    pub fn caller(&self) -> Option<&Principal> {
        self.caller.as_deref()
    }

    /// Returns the database as the caller uses it: its writes are recorded under the caller's key,
    /// and are held to what the caller may do.
    pub fn acting(&self, caller: Arc<Principal>) -> Self {
        Self {
            pool: self.pool.clone(),
            caller: Some(caller),
        }
    }

    /// Returns whether this value has no database behind it.
    pub fn is_detached(&self) -> bool {
        matches!(
            self.conn.without_timeout().inner,
            DatabaseConnectionType::Disconnected
        )
    }

    /// Returns the pool for reading. A write through it would create neither event nor version: use
    /// [`Database::commit`].
    pub fn read(&self) -> &Reader {
        &self.conn
    }

    /// Returns the pool for migrations, which does not lead through a pooler.
    pub(in crate::db) fn direct(&self) -> &Reader {
        &self.direct
    }

    /// Begins a read transaction whose statements all see one snapshot.
    pub async fn snapshot(&self) -> Result<TimedConn<DatabaseTransaction>, DbErr> {
        self.conn
            .begin(dialect::snapshot(self.conn.get_database_backend()))
            .await
    }

    /// Begins a read transaction of a migration.
    pub(in crate::db) async fn direct_snapshot(
        &self,
    ) -> Result<TimedConn<DatabaseTransaction>, DbErr> {
        let options = dialect::snapshot(self.direct.get_database_backend());
        self.direct.begin(options).await
    }

    /// Runs a query that may take long. Returns `None` if PostgreSQL needs longer than `most`.
    /// SQLite cannot be interrupted, so callers keep its queries small instead.
    pub async fn within(
        &self,
        most: Duration,
        query: Statement,
    ) -> Result<Option<Vec<QueryResult>>, DbErr> {
        if !dialect::limits_time(self.conn.get_database_backend()) {
            return self.conn.query_all_raw(query).await.map(Some);
        }
        let tx = self.snapshot().await?;
        dialect::limit_time(&tx, most).await?;
        match tx.query_all_raw(query).await {
            Ok(rows) => tx.commit().await.map(|()| Some(rows)),
            Err(error) if errors::is_late(&error) => tx.rollback().await.map(|()| None),
            Err(error) => Err(error),
        }
    }

    /// Runs one write in a transaction, and returns after the commit.
    pub async fn commit<W: Write>(&self, write: W) -> crate::error::Result<W::Output> {
        self.writer.commit(write, self.caller.clone()).await
    }

    /// Returns the cache of jobs.
    pub fn job_cache(&self) -> &JobCache {
        self.bus.cache()
    }

    /// Returns the cache that the servers share; `None` if there is none.
    pub fn redis(&self) -> Option<&RedisTier> {
        self.bus.redis()
    }

    /// Returns the source of commit notices: those of this process and, while [`Database::listen`]
    /// runs, those of others.
    pub fn change_bus(&self) -> &ChangeBus {
        &self.bus
    }

    /// Receives the commit notices of other processes for as long as it is polled. Waits forever
    /// where there is no carrier of notices, as on SQLite.
    pub async fn listen(&self) {
        match &self.notifier {
            Some(relay) => relay.clone().listen(self.bus.clone()).await,
            None => std::future::pending().await,
        }
    }

    /// Returns the time of the database server; `None` if the database uses the clock of this host.
    pub async fn clock(&self) -> Result<Option<DateTime<Utc>>, DbErr> {
        dialect::clock(&self.conn).await
    }

    /// Maximum number of connections: fewer than configured if PostgreSQL does not give as many.
    pub fn connections(&self) -> u32 {
        self.connections
    }

    /// Maximum concurrent write transactions; further writes wait for their turn.
    pub fn writers(&self) -> usize {
        self.writers
    }

    /// Numbers of writes so far that failed because of the database or the server, and that were
    /// made.
    pub fn write_counts(&self) -> (u64, u64) {
        self.writer.counts()
    }

    /// Number of writes that wait for their turn or are running.
    pub fn writes_under_way(&self) -> usize {
        self.writer.under_way()
    }

    /// Name of the database system for display: `SQLite` or `PostgreSQL`.
    pub fn name(&self) -> &'static str {
        dialect::name(self.conn.get_database_backend())
    }

    /// Closes the connections, after it has sent all outstanding notifications to other processes.
    pub async fn close(self) -> Result<(), DbErr> {
        if let Some(relay) = &self.notifier {
            let _ = relay.flush().await;
        }
        // A pool waits for each of its connections, and one whose other end is silent does not
        // return.
        let closed = async {
            self.direct.without_timeout().clone().close().await?;
            self.for_writing.without_timeout().clone().close().await?;
            self.conn.without_timeout().clone().close().await
        };
        tokio::time::timeout(CLOSE, closed).await.unwrap_or(Ok(()))
    }
}
