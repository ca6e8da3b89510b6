//! What clients can do to a server by its connections alone: slow, idle, many, or in a form that is
//! not HTTP/1.

mod crowded;
mod draining;
mod http2;
mod log;
mod log_lines;
mod metrics_alone;
mod pooled;
mod slow;
mod threads;

use crate::support::Server;
use std::time::Duration;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than any limit that these tests set; only what never ends reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A server on a database of its own, which goes with it.
struct Served {
    server: Server,
    _folder: TempDir,
}

async fn served(args: &[&str]) -> Served {
    let (folder, url) = database();
    Served {
        server: Server::start_with(&url, args).await,
        _folder: folder,
    }
}

fn database() -> (TempDir, String) {
    let folder = tempfile::Builder::new()
        .prefix("callsheet-connections-")
        .tempdir()
        .unwrap();
    let url = format!("sqlite://{}", folder.path().join("jobs.db").display());
    (folder, url)
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server.url.strip_prefix("http://").unwrap())
            .await
            .unwrap()
    }

    /// A connection on which this was sent.
    async fn sent(&self, bytes: &[u8]) -> TcpStream {
        let mut connection = self.connect().await;
        connection.write_all(bytes).await.unwrap();
        connection
    }

    /// A connection whose first request was answered.
    async fn used(&self) -> TcpStream {
        let mut connection = self.sent(LIVE).await;
        assert!(head(&mut connection).await.starts_with("HTTP/1.1 200"));
        connection
    }
}

/// The beginning of an answer.
async fn head(connection: &mut TcpStream) -> String {
    let mut some = vec![0; 4096];
    let read = timeout(PATIENCE, connection.read(&mut some))
        .await
        .expect("an answer")
        .unwrap_or(0);
    String::from_utf8_lossy(&some[..read]).into_owned()
}

/// Everything until the server ends the connection.
async fn until_its_end(connection: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let end = timeout(PATIENCE, connection.read_to_end(&mut all))
        .await
        .expect("the connection ends");
    // One that is closed before all was read is reset.
    drop(end);
    String::from_utf8_lossy(&all).into_owned()
}
