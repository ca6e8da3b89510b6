//! The database: connecting, migrating, write transactions. The only module that asks which backend it is.

mod connect;
mod dialect;
mod errors;
pub mod migrate;
pub mod write;
mod writer;

pub use connect::{ConnectError, Options, without_password};
pub use dialect::{bytewise, contains_text, has_label};
pub use migrate::MigrateError;
pub use writer::{Tx, Write, Writer};

use entity::job;
use sea_orm::{DatabaseConnection, DatabaseConnectionType, DbErr, EntityTrait, QuerySelect};

/// A pool of connections to one database, and the one way to write to it.
#[derive(Clone)]
pub struct Database {
    conn: DatabaseConnection,
    writer: Writer,
    for_writing: DatabaseConnection,
    writers: usize,
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
        Ok(Self { writer: Writer::new(for_writing.clone(), writers), conn, for_writing, writers })
    }

    /// No database at all: every call fails. For the API's document, which needs the verbs but none of the rows, and for
    /// looking into a dump where there is no database yet.
    pub fn detached() -> Self {
        let conn = DatabaseConnection::default();
        Self { writer: Writer::new(conn.clone(), 1), for_writing: conn.clone(), conn, writers: 1 }
    }

    /// There is no database behind this.
    pub fn is_detached(&self) -> bool {
        matches!(self.conn.inner, DatabaseConnectionType::Disconnected)
    }

    /// For reading. What is written through this handle has neither event nor version: use [`Database::commit`].
    pub fn read(&self) -> &DatabaseConnection {
        &self.conn
    }

    /// Runs one write in a transaction of its own and answers after the commit.
    pub async fn commit<W: Write>(&self, write: W) -> crate::error::Result<W::Output> {
        self.writer.commit(write).await
    }

    /// How many writes run at once; more wait for their turn.
    pub fn writers(&self) -> usize {
        self.writers
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
            .one(&self.conn)
            .await?;
        Ok(())
    }

    pub async fn close(self) -> Result<(), DbErr> {
        self.for_writing.close().await?;
        self.conn.close().await
    }
}
