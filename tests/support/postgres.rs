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
        self.input.write_all(b"crash\n").await.unwrap();
        while self
            .lines
            .next_line()
            .await
            .unwrap()
            .expect("PostgreSQL starts again")
            != "started"
        {}
    }

    pub async fn stop(mut self) {
        drop(self.input);
        self.script.wait().await.unwrap();
    }
}
