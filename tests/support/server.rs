//! The real binary as a process.
#![allow(
    dead_code,
    reason = "each part serves some of the tests of the HTTP API, the CLI and crashes"
)]

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

/// Timeout of a start or stop, longer than any takes on a loaded machine: only a hanging process
/// reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns the command `callsheet` with these arguments, free of the developer's own settings.
pub fn callsheet(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callsheet"));
    command
        .args(args)
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// A running `callsheet serve` on a free port.
pub struct Server {
    child: Child,
    /// Base URL: `http://127.0.0.1:PORT`.
    pub url: String,
    pub client: reqwest::Client,
    /// Output after the line that names the URL. It is read all the time, so that the pipes never
    /// fill.
    pub lines: mpsc::UnboundedReceiver<String>,
}

impl Server {
    pub async fn start(database_url: &str) -> Self {
        Self::start_with(database_url, &[]).await
    }

    /// Starts a server, and returns when it has printed its address.
    pub async fn start_with(database_url: &str, args: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", database_url, args).await
    }

    /// Starts a server as `start_with` does, on a given address, such as that of an earlier server.
    pub async fn start_at(listen: &str, database_url: &str, args: &[&str]) -> Self {
        let serve = ["serve", "--listen", listen, "--database-url", database_url];
        Self::spawn(callsheet(&[&serve, args].concat())).await
    }

    /// Starts a server through another command, e.g. one that enters a namespace.
    pub async fn start_behind(before: &[String], database_url: &str) -> Self {
        let mut command = Command::new(&before[0]);
        command
            .args(&before[1..])
            .arg(env!("CARGO_BIN_EXE_callsheet"));
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database-url",
            database_url,
            "--cache-jobs",
            "0",
        ]);
        command.stdin(Stdio::null()).kill_on_drop(true);
        Self::spawn(command).await
    }

    /// Starts a server as `start_with` does, with a separate folder for temporary files.
    pub async fn start_beside(
        temporary: &std::path::Path,
        database_url: &str,
        args: &[&str],
    ) -> Self {
        let serve = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database-url",
            database_url,
        ];
        let mut command = callsheet(&[&serve, args].concat());
        command.env("TMPDIR", temporary);
        Self::spawn(command).await
    }

    async fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, mut lines) = mpsc::unbounded_channel();
        follow(child.stdout.take().unwrap(), tell.clone());
        follow(child.stderr.take().unwrap(), tell);
        let url = timeout(PATIENCE, find_url(&mut lines))
            .await
            .expect("callsheet says where it listens");
        Self {
            child,
            url,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            lines,
        }
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("the server runs")
    }

    /// Kills the process (`kill -9`), and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Kills the process as `kill` does; another server may take its place.
    pub async fn kill_now(&mut self) {
        self.child.kill().await.unwrap();
    }

    pub async fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill")
            .args(["-s", signal, &pid])
            .status()
            .await
            .unwrap();
        assert!(sent.success(), "kill -s {signal} {pid}");
    }

    /// Sends the signal to the process, and returns its exit status.
    pub async fn stop(mut self, signal: &str) -> ExitStatus {
        self.signal(signal).await;
        timeout(PATIENCE, self.child.wait())
            .await
            .expect("callsheet ends when it is asked to")
            .unwrap()
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
    panic!(
        "callsheet ended without saying where it listens:\n{}",
        said.join("\n")
    );
}

fn url_in(line: &str) -> Option<String> {
    let start = line.find("http://127.0.0.1:")?;
    let rest = &line[start + "http://".len()..];
    let end = rest
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':')))
        .unwrap_or(rest.len());
    Some(format!("http://{}", &rest[..end]))
}
