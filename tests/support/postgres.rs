//! A PostgreSQL server that belongs to one test, which may crash it.

use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

pub struct Postgres {
    /// Child process that runs the server, and ends when its input does.
    script: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    pub url: String,
}

impl Postgres {
    pub async fn start() -> Self {
        let mut script = Command::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/scripts/private-postgres"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
        let input = script.stdin.take().unwrap();
        let mut lines = BufReader::new(script.stdout.take().unwrap()).lines();
        let url = loop {
            let line = lines.next_line().await.unwrap().expect("PostgreSQL starts");
            if line.starts_with("postgres://") {
                break line;
            }
        };
        Self {
            script,
            input,
            lines,
            url,
        }
    }

    /// Crashes the server and restarts it.
    pub async fn crash(&mut self) {
        self.command("crash", "started").await;
    }

    /// Crashes the server, which stays away until [`Postgres::come_back`].
    pub async fn go_away(&mut self) {
        self.command("stop", "stopped").await;
    }

    pub async fn come_back(&mut self) {
        self.command("start", "started").await;
    }

    async fn command(&mut self, command: &str, answer: &str) {
        let line = format!("{command}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
        loop {
            let line = self.lines.next_line().await.unwrap();
            if line.expect("PostgreSQL obeys") == answer {
                return;
            }
        }
    }

    pub async fn stop(mut self) {
        drop(self.input);
        self.script.wait().await.unwrap();
    }
}
