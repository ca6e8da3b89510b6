//! Numbers for a scrape: due jobs at the heads of the queues, connections, and files.

use crate::{
    db::{
        Database,
        dialect::{self, claims},
        rows::bulk,
        sqlite_file,
    },
    error::Result,
    metrics::{Connections, Files, Instruments},
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use std::{collections::BTreeMap, ffi::OsString, path::Path, sync::Arc};

impl Database {
    /// Returns the instruments of this database's server.
    pub fn instruments(&self) -> &Arc<Instruments> {
        &self.instruments
    }

    /// Returns, for each of these types that has a due job, the time since which the longest
    /// waiting head of its ranks is due. Reads one entry of the index of claims for each rank.
    pub async fn due_heads(
        &self,
        types: &[&str],
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<String, DateTime<Utc>>> {
        let backend = self.conn.get_database_backend();
        let list = bulk::list(backend, types);
        let query =
            Statement::from_sql_and_values(backend, claims::due_heads(backend), [list.into()]);
        let mut heads: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
        let rows = self.conn.query_all_raw(query).await?;
        // A time that cannot be read is no reason to show none.
        for (job_type, due) in rows.iter().filter_map(|row| head(row).ok()) {
            if due <= now {
                let first = heads.entry(job_type).or_insert(due);
                *first = due.min(*first);
            }
        }
        Ok(heads)
    }

    /// Returns the number of pages of the SQLite file that hold nothing; `None` for PostgreSQL.
    pub async fn free_pages(&self) -> Result<Option<u64>> {
        Ok(dialect::free_pages(&self.conn).await?)
    }

    /// Returns the numbers of idle and used connections.
    pub fn open_connections(&self) -> Connections {
        let mut open = self.conn.open_connections();
        if dialect::writes_alone(self.conn.get_database_backend()) {
            let writing = self.for_writing.open_connections();
            open.idle += writing.idle;
            open.used += writing.used;
        }
        open
    }

    /// Returns the sizes of the files of a SQLite database; `None` for PostgreSQL.
    pub fn files(&self) -> Option<Files> {
        let path = sqlite_file(&self.url)?;
        let mut log = OsString::from(&path);
        log.push("-wal");
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        Some(Files {
            database: size(&path),
            log: size(Path::new(&log)),
        })
    }
}

fn head(row: &QueryResult) -> Result<(String, DateTime<Utc>), DbErr> {
    Ok((row.try_get_by_index(0)?, row.try_get_by_index(2)?))
}
