//! State of a PostgreSQL server and of one database on it.

use super::Inspector;
use sea_orm::DbErr;

/// Settings and sessions of the server.
#[derive(Clone, Debug, Default)]
pub struct PostgresFacts {
    /// Version as a number, e.g. 150004.
    pub version_number: i64,
    /// Whether the server, or a setting of the database or role, accepts no changes.
    pub is_read_only: bool,
    pub fsync: bool,
    pub full_page_writes: bool,
    pub autovacuum: bool,
    /// Tables of the schema for which autovacuum is turned off.
    pub tables_without_autovacuum: Vec<String>,
    /// Connections that others than superusers may open.
    pub max_connections: i64,
    /// Connections that are open now, to all databases.
    pub open_connections: i64,
    /// Processes of sessions of this database that are idle in a transaction, with the seconds
    /// since their last statement.
    pub idle_transactions: Vec<(i32, f64)>,
    /// Age of the oldest transaction id of the database.
    pub transaction_age: i64,
    /// Indexes that a failed CREATE INDEX CONCURRENTLY left behind.
    pub invalid_indexes: Vec<String>,
    pub disabled_triggers: Vec<String>,
}

const IDLE: &str = "SELECT pid, EXTRACT(EPOCH FROM clock_timestamp() - state_change)::float8 \
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
    AND state LIKE 'idle in transaction%' ORDER BY 2 DESC";

const WITHOUT_AUTOVACUUM: &str = "SELECT relname::text FROM pg_class \
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace \
    AND reloptions && ARRAY['autovacuum_enabled=false', 'autovacuum_enabled=off'] ORDER BY 1";

const CONNECTIONS: &str = "SELECT current_setting('max_connections')::bigint \
    - current_setting('superuser_reserved_connections')::bigint";

const INVALID: &str = "SELECT i.indexrelid::regclass::text FROM pg_index AS i \
    JOIN pg_class AS c ON c.oid = i.indrelid \
    WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace ORDER BY 1";

const DISABLED: &str = "SELECT t.tgname::text FROM pg_trigger AS t \
    JOIN pg_class AS c ON c.oid = t.tgrelid \
    WHERE t.tgenabled IN ('D', 'R') AND NOT t.tgisinternal \
    AND c.relnamespace = current_schema()::regnamespace ORDER BY 1";

impl Inspector {
    /// Returns the state of PostgreSQL; `None` for SQLite.
    pub async fn postgres(&self) -> Result<Option<PostgresFacts>, DbErr> {
        if !self.is_postgres() {
            return Ok(None);
        }
        let idle = self.rows(IDLE).await?;
        let idle = idle
            .iter()
            .map(|row| Ok::<_, DbErr>((row.try_get_by_index(0)?, row.try_get_by_index(1)?)));
        Ok(Some(PostgresFacts {
            version_number: self
                .number("SELECT current_setting('server_version_num')::bigint")
                .await?,
            is_read_only: self.read_only,
            fsync: self.is_on("fsync").await?,
            full_page_writes: self.is_on("full_page_writes").await?,
            autovacuum: self.is_on("autovacuum").await?,
            tables_without_autovacuum: self.column(WITHOUT_AUTOVACUUM).await?,
            max_connections: self.number(CONNECTIONS).await?,
            open_connections: self
                .number("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
                .await?,
            idle_transactions: idle.collect::<Result<_, _>>()?,
            transaction_age: self
                .number("SELECT age(datfrozenxid)::bigint FROM pg_database WHERE datname = current_database()")
                .await?,
            invalid_indexes: self.column(INVALID).await?,
            disabled_triggers: self.column(DISABLED).await?,
        }))
    }

    async fn is_on(&self, setting: &str) -> Result<bool, DbErr> {
        let value = self
            .text(&format!("SELECT current_setting('{setting}')"))
            .await?;
        Ok(value == "on")
    }
}
