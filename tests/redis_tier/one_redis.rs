//! A Redis server that belongs to one test, which may kill and stop it.

use std::{path::Path, process::Stdio};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

pub struct OneRedis {
    child: Child,
    folder: TempDir,
    port: u16,
    pub url: String,
}

impl OneRedis {
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("callsheet-redis-")
            .tempdir()
            .unwrap();
        loop {
            // Another process may take the port between.
            let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            if let Some(child) = spawn(folder.path(), port).await {
                let url = format!("redis://:secret@127.0.0.1:{port}/0");
                return Self {
                    child,
                    folder,
                    port,
                    url,
                };
            }
        }
    }

    /// Kills the process (`kill -9`).
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts the server again after a kill, empty and at the same address.
    pub async fn again(&mut self) {
        let patience = crate::support::Patience::begin();
        loop {
            if let Some(child) = spawn(self.folder.path(), self.port).await {
                self.child = child;
                return;
            }
            patience.pause("the port is free again").await;
        }
    }

    /// Sends `STOP` or `CONT` to the process.
    pub async fn signal(&self, signal: &str) {
        let pid = self.child.id().expect("Redis runs").to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.await.unwrap().success(), "kill -s {signal} {pid}");
    }

    pub async fn run(&self, command: &[&str]) {
        let client = redis::Client::open(self.url.as_str()).unwrap();
        let mut conn = client.get_multiplexed_async_connection().await.unwrap();
        let mut run = redis::cmd(command[0]);
        run.arg(&command[1..]);
        run.query_async::<redis::Value>(&mut conn).await.unwrap();
    }

    pub async fn stop(mut self) {
        self.kill().await;
    }
}

/// Starts the server, and returns when it takes connections; `None` if the port is taken.
async fn spawn(folder: &Path, port: u16) -> Option<Child> {
    let port = port.to_string();
    let mut child = Command::new("redis-server")
        .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no", "--requirepass", "secret"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains("Ready to accept connections") {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Some(child);
        }
    }
    child.wait().await.unwrap();
    None
}
