//! The database: connecting, migrating, write transactions. The only module that asks which backend it is.

mod bound;
mod bulk;
mod connect;
mod dialect;
mod errors;
mod kept;
pub mod migrate;
mod news;
mod readable;
mod relay;
mod rows;
mod tail;
mod tx;
pub mod write;
mod writer;

pub use bound::Bounded;
pub use connect::{ConnectError, Observer, Options, sqlite_file, without_values};
pub use dialect::{
    beginning, bytewise, contains_text, due_since, guesses_pairs, is_processing, is_queued, is_running, text_member,
    unindexed,
};
pub use errors::is_taken;
pub use kept::{Kept, KeptJobs, OLDEST};
pub use migrate::MigrateError;
pub use news::{News, NewsDesk, Subscription, Told};
pub use readable::{Readable, page, unreadable_rows};
pub use rows::{jobs as jobs_of, one_job, page as page_of_jobs};
pub use tail::{PAGE, Tail, behind, first_position, last_position};
pub use tx::Tx;
pub use write::claim_statements;
pub use writer::{Fate, Write, Writer};

use bound::Bound;
use chrono::{DateTime, Utc};
use entity::job;
use relay::Relay;
use sea_orm::{DatabaseConnection, DatabaseConnectionType, DatabaseTransaction, DbErr, EntityTrait, QuerySelect};
use std::{sync::Arc, time::Duration};

/// The pool, whose statements are waited for no longer than is bearable.
pub type Reader = Bounded<DatabaseConnection>;

/// How long the database has to show that it answers.
const CHECK: Duration = Duration::from_secs(5);

/// A pool of connections to one database, and the one way to write to it.
#[derive(Clone)]
pub struct Database {
    conn: Reader,
    writer: Writer,
    for_writing: Reader,
    writers: usize,
    desk: NewsDesk,
    relay: Option<Relay>,
    url: Arc<str>,
}

impl Database {
    /// Opens the pool. Neither reads nor changes the schema.
    pub async fn connect(options: &Options) -> Result<Self, ConnectError> {
        let conn = connect::connect(options).await?;
        let writers = dialect::writers(conn.get_database_backend(), options.max_connections);
        // A single writer keeps its connection: the pages and statements that it holds serve the next write, where a
        // pool would hand them out to each connection in turn, which finds them stale.
        let for_writing = match dialect::writes_alone(conn.get_database_backend()) {
            true => connect::connect(&Options { max_connections: 1, ..options.clone() }).await?,
            false => conn.clone(),
        };
        let desk = NewsDesk::new(KeptJobs::new(options.cache_jobs));
        let relay = dialect::notifies(conn.get_database_backend()).then(|| Relay::start(conn.clone()));
        let lanes = dialect::lanes(conn.get_database_backend(), writers);
        let writer = Writer::new(for_writing.clone(), writers, lanes, desk.clone(), relay.clone());
        Ok(Self { conn, writer, for_writing, writers, desk, relay, url: options.url.as_str().into() })
    }

    /// No database at all: every call fails. For the API's document, which needs the verbs but none of the rows, and for
    /// looking into a dump where there is no database yet.
    pub fn detached() -> Self {
        let conn = Bounded::new(DatabaseConnection::default(), Bound::default());
        let desk = NewsDesk::default();
        let writer = Writer::new(conn.clone(), 1, 1, desk.clone(), None);
        Self { writer, for_writing: conn.clone(), conn, writers: 1, desk, relay: None, url: "".into() }
    }

    /// There is no database behind this.
    pub fn is_detached(&self) -> bool {
        matches!(self.conn.unbounded().inner, DatabaseConnectionType::Disconnected)
    }

    /// For reading. What is written through this handle has neither event nor version: use [`Database::commit`].
    pub fn read(&self) -> &Reader {
        &self.conn
    }

    /// For reading that has to see one moment, however many statements it takes.
    pub async fn snapshot(&self) -> Result<Bounded<DatabaseTransaction>, DbErr> {
        self.conn.begin(dialect::snapshot(self.conn.get_database_backend())).await
    }

    /// Runs one write in a transaction of its own and answers after the commit.
    pub async fn commit<W: Write>(&self, write: W) -> crate::error::Result<W::Output> {
        self.writer.commit(write).await
    }

    /// Jobs that are kept in memory.
    pub fn kept(&self) -> &KeptJobs {
        self.desk.kept()
    }

    /// Tells which jobs changed, of the writes of this process and, while [`Database::listen`] runs, of others.
    pub fn news(&self) -> &NewsDesk {
        &self.desk
    }

    /// Hears of the writes of other processes, where the database can tell of them, for as long as it is polled.
    pub async fn listen(&self) {
        match &self.relay {
            Some(relay) => relay.clone().listen(self.url.to_string(), self.desk.clone()).await,
            None => std::future::pending().await,
        }
    }

    /// What time it is for the database; `None` where it has no clock but that of this host.
    pub async fn clock(&self) -> Result<Option<DateTime<Utc>>, DbErr> {
        dialect::clock(&self.conn).await
    }

    /// How many writes run at once; more wait for their turn.
    pub fn writers(&self) -> usize {
        self.writers
    }

    /// How many writes wait for their turn or are under way.
    pub fn writes_under_way(&self) -> usize {
        self.writer.under_way()
    }

    /// `SQLite` or `PostgreSQL`, for people.
    pub fn name(&self) -> &'static str {
        dialect::name(self.conn.get_database_backend())
    }

    /// Asks the database for the smallest answer that shows that jobs can be read.
    pub async fn check(&self) -> Result<(), DbErr> {
        job::Entity::find()
            .select_only()
            .column(job::Column::Id)
            .limit(1)
            .into_tuple::<String>()
            .one(&self.conn.within(CHECK))
            .await?;
        Ok(())
    }

    /// Other processes have heard of all writes when it returns.
    pub async fn close(self) -> Result<(), DbErr> {
        if let Some(relay) = &self.relay {
            let _ = relay.flush().await;
        }
        // A pool waits for each of its connections, and one whose other end is silent does not come back.
        let closed = async {
            self.for_writing.unbounded().clone().close().await?;
            self.conn.unbounded().clone().close().await
        };
        tokio::time::timeout(CHECK, closed).await.unwrap_or(Ok(()))
    }
}
