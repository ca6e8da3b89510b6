//! The real binary as a process.
#![allow(dead_code, reason = "each part serves some of the tests of the HTTP API, the CLI and crashes")]

use std::{
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::mpsc,
    time::timeout,
};

/// Longer than any start or stop takes on a loaded machine; only a hanging process reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// `callsheet` with these arguments, free of the developer's own settings.
pub fn callsheet(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callsheet"));
    command.args(args).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// `callsheet serve` on a free port.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    pub client: reqwest::Client,
    /// What it says after the line that names the URL. Read on, so that the pipes never fill.
    pub lines: mpsc::UnboundedReceiver<String>,
}

impl Server {
    pub async fn start(database_url: &str) -> Self {
        Self::start_with(database_url, &[]).await
    }

    /// Answers when the server has said where it listens.
    pub async fn start_with(database_url: &str, args: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", database_url, args).await
    }

    /// As `start_with`, on a port that a server before it had.
    pub async fn start_at(listen: &str, database_url: &str, args: &[&str]) -> Self {
        let serve = ["serve", "--listen", listen, "--database-url", database_url];
        Self::start_as(callsheet(&[&serve, args].concat())).await
    }

    /// As `start_with`, with a folder of its own for temporary files.
    pub async fn start_beside(temporary: &std::path::Path, database_url: &str, args: &[&str]) -> Self {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--database-url", database_url];
        let mut command = callsheet(&[&serve, args].concat());
        command.env("TMPDIR", temporary);
        Self::start_as(command).await
    }

    async fn start_as(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (tell, mut lines) = mpsc::unbounded_channel();
        follow(child.stdout.take().unwrap(), tell.clone());
        follow(child.stderr.take().unwrap(), tell);
        let url = timeout(PATIENCE, find_url(&mut lines)).await.expect("callsheet says where it listens");
        Self { child, url, client: reqwest::Client::builder().no_proxy().build().unwrap(), lines }
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("the server runs")
    }

    /// `kill -9`, and waits until the process is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks the process to stop, and answers with how it ended.
    pub async fn stop(mut self, signal: &str) -> ExitStatus {
        let pid = self.child.id().expect("the server runs").to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().await.unwrap();
        assert!(sent.success(), "kill -s {signal} {pid}");
        timeout(PATIENCE, self.child.wait()).await.expect("callsheet ends when it is asked to").unwrap()
    }
}

fn follow(pipe: impl AsyncRead + Send + Unpin + 'static, tell: mpsc::UnboundedSender<String>) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let _ = tell.send(line);
        }
    });
}

async fn find_url(lines: &mut mpsc::UnboundedReceiver<String>) -> String {
    let mut said = Vec::new();
    while let Some(line) = lines.recv().await {
        if let Some(url) = url_in(&line) {
            return url;
        }
        said.push(line);
    }
    panic!("callsheet ended without saying where it listens:\n{}", said.join("\n"));
}

fn url_in(line: &str) -> Option<String> {
    let start = line.find("http://127.0.0.1:")?;
    let rest = &line[start + "http://".len()..];
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':'))).unwrap_or(rest.len());
    Some(format!("http://{}", &rest[..end]))
}
