//! The processes that are killed; each is started again at once. The tests do not read what they
//! print, so their pipes fill up. The clock of each server can be set.

use super::{set_clock::SetClock, worker};
use crate::{support::callsheet, work::path};
use std::{path::PathBuf, process::Stdio, time::Duration};
use tokio::process::{Child, Command};

/// Every third worker is `callsheet work`, whose program fills its pipe.
const EVERY: usize = 3;

/// Prints 200 kB to standard error, and does the three items of a job of [`super::watch`].
const NOISY: &str = r#"head -c 200000 /dev/zero | tr "\0" x >&2
    for key in a b c; do echo '{"item": {"key": "'$key'", "status": "completed"}}'; done
    echo '{"result": {"by": "'$CALLSHEET_WORKER_ID'"}}'"#;

pub struct Cast {
    database_url: String,
    ports: Vec<u16>,
    ledger: PathBuf,
    clocks: Vec<SetClock>,
    servers: Vec<Child>,
    workers: Vec<Child>,
}

impl Cast {
    pub fn begin(database_url: &str, servers: usize, workers: usize, ledger: PathBuf) -> Self {
        // Given back at once, so that a server can have it again after it was killed.
        let free = |_| std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let taken: Vec<_> = (0..servers).map(free).collect();
        let ports = taken
            .iter()
            .map(|listener| listener.local_addr().unwrap().port())
            .collect();
        drop(taken);
        let folder = ledger.parent().unwrap();
        let clocks = (0..servers)
            .map(|i| SetClock::in_file(folder.join(format!("clock-{i}"))))
            .collect();
        let mut cast = Self {
            database_url: database_url.to_owned(),
            ports,
            ledger,
            clocks,
            servers: Vec::new(),
            workers: Vec::new(),
        };
        cast.servers = (0..servers).map(|i| cast.server(i)).collect();
        cast.workers = (0..workers).map(|i| cast.worker(i)).collect();
        cast
    }

    pub fn urls(&self) -> Vec<String> {
        self.ports
            .iter()
            .map(|port| format!("http://127.0.0.1:{port}"))
            .collect()
    }

    fn server(&self, i: usize) -> Child {
        let listen = format!("127.0.0.1:{}", self.ports[i]);
        let args = [
            "serve",
            "--listen",
            &listen,
            "--database-url",
            &self.database_url,
            "--database-connections",
            "6",
            "--log",
            "debug",
        ];
        let mut server = callsheet(&args);
        self.clocks[i].of(&mut server);
        server
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn worker(&self, i: usize) -> Child {
        let (name, urls) = (format!("worker-{i}"), self.urls());
        if i % EVERY != EVERY - 1 {
            return worker::spawn(&name, &urls, &self.ledger);
        }
        let server = &urls[i % urls.len()];
        let args = [
            "work",
            "--type",
            "chaos",
            "--worker-id",
            &name,
            "--server",
            server,
            "--lease-seconds",
            worker::LEASE,
        ];
        callsheet(&args)
            .args(["--", "sh", "-c", NOISY])
            .env("PATH", path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Kills one of them, a worker unless it may be a server. True when it was a worker.
    pub async fn kill_one(&mut self, rng: &mut fastrand::Rng, servers_too: bool) -> bool {
        let first = if servers_too { 0 } else { self.servers.len() };
        let i = rng.usize(first..self.servers.len() + self.workers.len());
        match i.checked_sub(self.servers.len()) {
            None => {
                self.servers[i].kill().await.unwrap();
                self.servers[i] = self.server(i);
                false
            }
            Some(i) => {
                self.workers[i].kill().await.unwrap();
                self.workers[i] = self.worker(i);
                true
            }
        }
    }

    /// A server stands still for some seconds, with whatever it holds, and then goes on as if
    /// nothing had been, unless it is killed before.
    pub async fn hang_one(&mut self, rng: &mut fastrand::Rng) {
        let i = rng.usize(..self.servers.len());
        let pid = self.servers[i]
            .id()
            .expect("it was not waited for")
            .to_string();
        let wait = Duration::from_millis(rng.u64(500..8000));
        signal("STOP", &pid).await;
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            signal("CONT", &pid).await;
        });
    }

    /// The clock of a server shows an hour more or less for some seconds.
    pub fn set_one_clock(&self, rng: &mut fastrand::Rng) {
        let hour = if rng.bool() { 3600 } else { -3600 };
        let wait = Duration::from_millis(rng.u64(3000..8000));
        let clock = self.clocks[rng.usize(..self.clocks.len())].clone();
        clock.set(hour);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            clock.set(0);
        });
    }

    pub async fn end(mut self) {
        for child in self.workers.iter_mut().chain(&mut self.servers) {
            child.kill().await.unwrap();
        }
    }
}

async fn signal(signal: &str, pid: &str) {
    // It may have been killed meanwhile.
    let _ = Command::new("kill")
        .args(["-s", signal, pid])
        .stderr(Stdio::null())
        .status()
        .await;
}
