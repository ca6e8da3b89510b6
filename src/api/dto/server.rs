//! Servers of the database as the API returns them.

use super::Time;
use crate::jobs::ListedServer;
use poem_openapi::Object;

/// A server of this database.
#[derive(Debug, Object)]
pub struct Server {
    /// Random id of one start of the server.
    server_id: String,
    /// Version of Callsheet.
    version: String,
    /// Whether the server gave a sign of life in the last 60 seconds.
    live: bool,
    /// Time when the server started.
    started_at: Time,
    /// Time of its last sign of life, which it gives about every 15 seconds.
    seen_at: Time,
    /// Address and port on which the server listens.
    listen: String,
    /// Newest step of the schema that the server's version knows.
    schema: Option<String>,
}

/// Servers of this database, the newest first: at most 1,000. A server that stops in order leaves
/// the list at once, one that was killed after a day.
#[derive(Debug, Object)]
pub struct ServerList {
    /// Servers of the list.
    pub servers: Vec<Server>,
}

impl From<ListedServer> for Server {
    fn from(server: ListedServer) -> Self {
        let ListedServer { row, live } = server;
        Self {
            server_id: row.id,
            version: row.version,
            live,
            started_at: row.started_at.into(),
            seen_at: row.seen_at.into(),
            listen: row.listen,
            schema: row.schema,
        }
    }
}
