//! A database as `callsheet doctor` looks at it: by one connection that can change nothing.

mod deep;
mod postgres;
mod schedules;
mod schema;
mod servers;
mod sqlite;
mod work;

pub use deep::Drift;
pub use postgres::PostgresFacts;
pub use schedules::ScheduleFacts;
pub use schema::{SchemaDrift, describe as describe_schema};
pub use servers::ServerFacts;
pub use sqlite::SqliteFacts;
pub use work::{Orphans, WaitingType, WorkFacts};

use crate::{
    db::{
        connection::{
            connect::{ConnectError, sqlite_file, without_values},
            migrate::{self, Step},
            schema_state::{SchemaState, schema_state},
        },
        dialect,
    },
    shown_url::shown_url,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, RuntimeErr,
    Statement, TryGetable,
};
use std::time::Duration;

/// Time to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Settings of a connection to PostgreSQL: it changes nothing, and no statement takes long.
const READ_ONLY: &str = "SET default_transaction_read_only = on; SET statement_timeout = '60s'";

/// Database that is only read.
pub struct Inspector {
    conn: DatabaseConnection,
    url: String,
    /// Whether PostgreSQL itself makes every transaction read-only.
    read_only: bool,
}

impl Inspector {
    /// Opens a database that exists. Neither creates nor migrates anything.
    pub async fn open(url: &str) -> Result<Self, ConnectError> {
        let url = match url.split_once(':') {
            Some(("postgresql", rest)) => format!("postgres:{rest}"),
            Some(("sqlite" | "postgres", _)) => url.to_owned(),
            _ => return Err(ConnectError::Url(shown_url(url))),
        };
        if sqlite_file(&url).is_some_and(|file| !file.exists()) {
            return Err(ConnectError::Missing(shown_url(&url)));
        }
        let mut options = ConnectOptions::new(&url);
        options
            .max_connections(1)
            .connect_timeout(CONNECT_TIMEOUT)
            .acquire_timeout(CONNECT_TIMEOUT)
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(|sqlite| sqlite.create_if_missing(false).read_only(true))
            .map_sqlx_postgres_opts(|postgres| postgres.application_name(dialect::APPLICATION));
        let failed = |error| ConnectError::Open {
            url: shown_url(&url),
            why: why(&error),
        };
        let conn = sea_orm::Database::connect(options).await.map_err(failed)?;
        let mut this = Self {
            conn,
            url: url.clone(),
            read_only: false,
        };
        this.prepare().await.map_err(failed)?;
        Ok(this)
    }

    async fn prepare(&mut self) -> Result<(), DbErr> {
        if self.is_postgres() {
            let shown = "SELECT (pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on')::int::bigint";
            self.read_only = self.number(shown).await? == 1;
            self.conn.execute_unprepared(READ_ONLY).await?;
        }
        Ok(())
    }

    pub fn is_postgres(&self) -> bool {
        self.conn.get_database_backend() == DbBackend::Postgres
    }

    /// Returns what the database says about its version.
    pub async fn version(&self) -> Result<String, DbErr> {
        if self.is_postgres() {
            self.text("SELECT version()").await
        } else {
            dialect::version(&self.conn).await
        }
    }

    /// Returns the applied steps of the schema; `None` if there is no table of steps.
    pub async fn steps(&self) -> Option<SchemaState> {
        schema_state(&self.conn).await.ok()
    }

    /// Returns every step, or why this build refuses the database.
    pub async fn check_steps(&self) -> Result<Vec<Step>, migrate::MigrateError> {
        migrate::status_of(&self.conn).await
    }

    /// Returns the newest step if a newer version has applied it.
    pub async fn newer_step(&self) -> Result<Option<String>, migrate::MigrateError> {
        migrate::newer_step_of(&self.conn).await
    }

    /// Returns the time of the database server; `None` if it uses the clock of this host.
    pub async fn clock(&self) -> Result<Option<DateTime<Utc>>, DbErr> {
        dialect::clock(&self.conn).await
    }

    pub async fn close(self) {
        let _ = self.conn.close().await;
    }

    fn statement(&self, sql: &str) -> Statement {
        Statement::from_string(self.conn.get_database_backend(), sql)
    }

    async fn rows(&self, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
        self.conn.query_all_raw(self.statement(sql)).await
    }

    /// Returns the first column of each row.
    async fn column<T: TryGetable>(&self, sql: &str) -> Result<Vec<T>, DbErr> {
        let rows = self.rows(sql).await?;
        rows.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    /// Returns the first column of the only row.
    async fn one<T: TryGetable>(&self, sql: &str) -> Result<T, DbErr> {
        let first = self.column(sql).await?.into_iter().next();
        first.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))
    }

    async fn number(&self, sql: &str) -> Result<i64, DbErr> {
        self.one(sql).await
    }

    async fn text(&self, sql: &str) -> Result<String, DbErr> {
        self.one(sql).await
    }
}

fn why(error: &DbErr) -> String {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(source)) => without_values(source),
        other => other.to_string(),
    }
}
