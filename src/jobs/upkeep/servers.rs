//! list_servers: servers of this database. Each one writes its row while it runs, and removes it
//! when it stops in order.

use crate::{
    db::{
        newest_step,
        write::{NoteServer, RemoveServer},
    },
    error::Result,
    jobs::JobManager,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::server;
use std::{
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Time without a sign of life after which a server counts as gone.
const GONE_AFTER: TimeDelta = TimeDelta::seconds(60);

/// Time without a sign of life after which the row of a server is deleted.
const FORGET_AFTER: TimeDelta = TimeDelta::days(1);

/// Maximum number of servers in one list.
const MAX_LISTED: u64 = 1_000;

/// Server of the list.
#[derive(Clone, Debug)]
pub struct ListedServer {
    pub row: server::Model,
    /// Whether it gave a sign of life in the last 60 seconds.
    pub live: bool,
}

/// Row of this process in the list of servers; `None` if it does not serve.
#[derive(Default)]
pub struct OwnServer(Mutex<Option<server::Model>>);

impl OwnServer {
    fn row(&self) -> MutexGuard<'_, Option<server::Model>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JobManager {
    /// Makes this process one of the listed servers from the next run of its loop on.
    pub fn register_server(&self, listen: SocketAddr) {
        let now = self.now();
        let row = server::Model {
            id: self.chance.id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: now,
            seen_at: now,
            listen: listen.to_string(),
            schema: newest_step(),
        };
        *self.own_server.row() = Some(row);
    }

    /// Writes the sign of life of this server, and returns the number of servers that were
    /// forgotten after a day of silence. Does nothing in a process that does not serve.
    pub async fn note_server(&self) -> Result<u64> {
        let own = self.own_server.row().clone();
        let Some(mut row) = own else {
            return Ok(0);
        };
        row.seen_at = self.now();
        let forget_before = row.seen_at - FORGET_AFTER;
        self.db.commit(NoteServer { row, forget_before }).await
    }

    /// Removes this server from the list, when it stops.
    pub async fn remove_server(&self) -> Result<()> {
        let own = self.own_server.row().take();
        match own {
            Some(row) => self.db.commit(RemoveServer { id: row.id }).await,
            None => Ok(()),
        }
    }

    /// Lists the servers, the newest first: at most 1,000. A server without a sign of life for a
    /// day is not listed.
    pub async fn list_servers(&self) -> Result<Vec<ListedServer>> {
        let since = self.gone_since();
        let rows = self.db.servers(MAX_LISTED).await?;
        let listed = |row: server::Model| ListedServer {
            live: row.seen_at >= since,
            row,
        };
        Ok(rows.into_iter().map(listed).collect())
    }

    /// Counts the servers that gave a sign of life in the last 60 seconds.
    pub async fn live_servers(&self) -> Result<u64> {
        self.db.servers_seen_since(self.gone_since()).await
    }

    fn gone_since(&self) -> DateTime<Utc> {
        self.now() - GONE_AFTER
    }
}
