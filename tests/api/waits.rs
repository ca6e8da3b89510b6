//! Calls that wait: what each of them takes, and that a client that goes leaves nothing behind.

use crate::support::{Backend, Server, TestDb};
use serde_json::json;
use std::{path::PathBuf, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{sleep, timeout},
};

/// Waits whose memory is looked at, behind as many that warm the server up.
const WAITS: usize = 250;

/// Bytes that one more wait may take with its connection. In a release a connection alone takes
/// half of it.
const EACH: usize = 96 << 10;

const PATIENCE: Duration = Duration::from_secs(60);

struct Waits<'a> {
    server: &'a Server,
    open: Vec<TcpStream>,
}

impl Waits<'_> {
    /// Sends [`WAITS`] claims, each of a new worker for `types` job types of its own, in a body that
    /// ends with `blanks` spaces.
    async fn more(&mut self, types: usize, blanks: usize) {
        for _ in 0..WAITS {
            let n = self.open.len();
            let types: Vec<_> = (0..types).map(|kind| format!("type-{n}-{kind}")).collect();
            let body =
                json!({"worker_id": format!("w{n}"), "job_types": types, "wait_seconds": 60});
            let body = format!("{body}{}", " ".repeat(blanks));
            let address = self.server.url.strip_prefix("http://").unwrap();
            let mut connection = TcpStream::connect(address).await.unwrap();
            let head = format!(
                "POST /api/v1/claims HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n",
                body.len()
            );
            connection.write_all(head.as_bytes()).await.unwrap();
            connection.write_all(body.as_bytes()).await.unwrap();
            self.open.push(connection);
        }
        let all = async {
            while self.workers().await < self.open.len() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, all)
            .await
            .expect("all of them are listed");
    }

    async fn workers(&self) -> usize {
        let answer = self
            .server
            .client
            .get(self.server.at("/api/v1/stats"))
            .send()
            .await
            .unwrap();
        let stats: serde_json::Value = answer.json().await.unwrap();
        usize::try_from(stats["workers"]["alive"].as_u64().unwrap()).unwrap()
    }

    fn memory(&self) -> usize {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.server.pid())).unwrap();
        let kb = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap()
            .trim()
            .trim_end_matches(" kB");
        kb.parse::<usize>().unwrap() << 10
    }

    fn descriptors(&self) -> usize {
        std::fs::read_dir(PathBuf::from(format!("/proc/{}/fd", self.server.pid())))
            .unwrap()
            .count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_waits_takes_little_memory_whatever_came_with_it_and_none_when_its_client_goes()
 {
    let db = TestDb::empty(Backend::Sqlite).await;
    let server = Server::start(&db.url).await;
    let mut waits = Waits {
        server: &server,
        open: Vec::new(),
    };
    waits.more(1, 0).await;
    for (types, blanks) in [(1, 0), (100, 0), (1, 100_000)] {
        let before = waits.memory();
        waits.more(types, blanks).await;
        let each = || waits.memory().saturating_sub(before) / WAITS;
        // The allocator gives freed memory back a little later.
        let settled = async {
            while each() >= EACH + types * 256 {
                waits.workers().await;
                sleep(Duration::from_millis(20)).await;
            }
        };
        let settled = timeout(PATIENCE, settled).await;
        println!("{types} types, {blanks} blanks: {} kB each", each() >> 10);
        settled.unwrap_or_else(|_| {
            panic!(
                "{types} types and {blanks} blanks: {} kB each",
                each() >> 10
            )
        });
    }
    let before = waits.descriptors();
    waits.open.clear();
    let gone = async {
        while waits.descriptors() + 4 * WAITS > before + 8 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), gone)
        .await
        .expect("the descriptors are given back at once");
    assert_eq!(server.stop("TERM").await.code(), Some(0));
}
