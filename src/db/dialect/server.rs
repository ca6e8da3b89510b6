//! Facts that a database server gives about itself: its time, its version, and its rights.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// Returns the time of the database server; `None` for SQLite, which uses the clock of this host.
pub async fn clock(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }
    let asked = Statement::from_string(db.get_database_backend(), "SELECT clock_timestamp()");
    db.query_one_raw(asked)
        .await?
        .map(|row| row.try_get_by_index(0))
        .transpose()
}

/// Returns the version of the database system, e.g. `3.50.2` or `18.1`.
pub async fn version(db: &impl ConnectionTrait) -> Result<String, DbErr> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "SHOW server_version",
        _ => "SELECT sqlite_version()",
    };
    let row = db
        .query_one_raw(Statement::from_string(backend, sql))
        .await?
        .ok_or_else(|| DbErr::Custom("the database did not say its version".to_owned()))?;
    row.try_get_by_index(0)
}

/// Returns whether there is such a table that this role may not read. The views of the schema leave
/// it out.
pub async fn hides(db: &impl ConnectionTrait, table: &str) -> Result<bool, DbErr> {
    if db.get_database_backend() == DbBackend::Sqlite {
        return Ok(false);
    }
    let sql = "SELECT CASE WHEN to_regclass($1) IS NULL THEN false \
        ELSE NOT has_table_privilege($1, 'SELECT') END";
    let asked = Statement::from_sql_and_values(DbBackend::Postgres, sql, [table.into()]);
    let row = db.query_one_raw(asked).await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
}

/// Returns a text that differs between any two databases that share a Redis server: of the cluster,
/// and of the database in it. A SQLite file has none, because its servers are one.
pub async fn identity(db: &impl ConnectionTrait) -> Result<String, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok("sqlite".to_owned());
    }
    let sql = "SELECT system_identifier::text || '-' || oid::text \
        FROM pg_control_system(), pg_database WHERE datname = current_database()";
    let row = db
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await?
        .ok_or_else(|| DbErr::Custom("it is in no list of databases".to_owned()))?;
    row.try_get_by_index(0)
}
