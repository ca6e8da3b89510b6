//! Open transactions that write events. A reader of the history waits for them.

use super::commits_in_order;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};

/// Condition that a lock `l` is that of a transaction which writes events of this database.
const WRITES_EVENTS: &str = "l.locktype = 'relation' AND l.granted \
    AND l.mode = 'RowExclusiveLock' AND l.relation = 'job_events'::regclass \
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Returns the open transactions that are writing events. Empty on SQLite, where every event that a
/// reader sees is committed.
///
/// Reads the locks rather than the oldest transaction of a snapshot: that one may belong to another
/// database, and stay open for hours.
pub async fn writers_of_events(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    if commits_in_order(db.get_database_backend()) {
        return Ok(Vec::new());
    }
    let sql =
        format!("SELECT DISTINCT l.virtualtransaction FROM pg_locks AS l WHERE {WRITES_EVENTS}");
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Open transaction that has locked the table of events for writing.
#[derive(Clone, Debug)]
pub struct EventWriter {
    /// Its name, as in [`writers_of_events`].
    pub transaction: String,
    pub pid: i32,
    /// Name of its program; empty if it gives none.
    pub application: String,
}

impl EventWriter {
    /// Returns whether it is a transaction of Callsheet, which ends soon by itself.
    pub fn is_own(&self) -> bool {
        self.application == APPLICATION
    }
}

/// Name of Callsheet's connections to PostgreSQL.
pub const APPLICATION: &str = "callsheet";

/// Returns the open transactions of [`writers_of_events`] with their processes.
pub async fn event_writers(db: &impl ConnectionTrait) -> Result<Vec<EventWriter>, DbErr> {
    if commits_in_order(db.get_database_backend()) {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT DISTINCT l.virtualtransaction, l.pid, COALESCE(a.application_name, '') \
         FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid \
         WHERE {WRITES_EVENTS} AND l.pid IS NOT NULL"
    );
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    let writer = |row: &QueryResult| {
        Ok(EventWriter {
            transaction: row.try_get_by_index(0)?,
            pid: row.try_get_by_index(1)?,
            application: row.try_get_by_index(2)?,
        })
    };
    rows.iter().map(writer).collect()
}
