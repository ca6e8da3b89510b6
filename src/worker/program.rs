//! The program of one job, as the worker sees it: through its guard.

use super::{
    Worker,
    claim::Claim,
    guard::{Order, Told},
};
use crate::process::{self, inherited_umask};
use rustix::process::{Pid, Signal, kill_process_group};
use std::{io, os::fd::OwnedFd, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    process::{Child, ChildStderr, ChildStdout, Command},
    task::JoinHandle,
};

pub struct Program {
    orders: OwnedWriteHalf,
    end: JoinHandle<Told>,
}

/// What the program writes.
pub struct Streams {
    pub out: ChildStdout,
    pub err: ChildStderr,
}

impl Program {
    /// Starts it and gives it its job.
    pub async fn start(worker: &Worker, claim: &Claim) -> io::Result<(Self, Streams)> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let (reader, mut orders) = UnixStream::from_std(ours)?.into_split();
        let mut command = Command::new(process::own_file()?);
        command
            // Not `callsheet`: who kills all of that name is not to kill the guards too.
            .arg0("callsheet-guard")
            .arg("work-guard")
            .args(umask())
            .arg("--")
            .args(&worker.options.command)
            // The worker's own secrets are none of the program's.
            .env_clear()
            .envs(worker.options.environment.iter().map(|(name, value)| (name, value)))
            .envs(claim.environment(worker))
            .process_group(0)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(folder) = &worker.options.folder {
            command.current_dir(folder);
        }
        let mut guard = command.spawn()?;
        // The command holds the guard's end of the socket, which has to close with the guard.
        drop(command);
        let (Some(out), Some(err)) = (guard.stdout.take(), guard.stderr.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        // A guard that ends at once says why, if it can.
        let _ = orders.write_all(claim.input().as_bytes()).await;
        let end = tokio::spawn(end(reader, guard));
        Ok((Self { orders, end }, Streams { out, err }))
    }

    /// How it ended. To be asked for until it is told, and not again.
    pub async fn ended(&mut self) -> Told {
        (&mut self.end).await.unwrap_or(Told::Killed(Signal::KILL.as_raw()))
    }

    pub fn order(&self, order: Order) {
        // A few bytes always fit, and a guard that is gone needs no orders.
        let _ = self.orders.try_write(format!("{}\n", order.word()).as_bytes());
    }
}

/// What the program makes is for whoever its worker makes it for, e.g. a web server that shows the videos; the worker's own
/// files are not.
fn umask() -> Option<String> {
    inherited_umask().map(|mask| format!("--umask={mask:o}"))
}

async fn end(reader: OwnedReadHalf, mut guard: Child) -> Told {
    let mut lines = BufReader::new(reader).lines();
    let mut group = None;
    let mut told = None;
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(Told::Started(id)) => group = Pid::from_raw(id),
            Ok(end) => told = Some(end),
            Err(_) => {}
        }
    }
    // A guard that was killed itself can't end the program any more.
    if let (None, Some(group)) = (&told, group) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = guard.wait().await;
    told.unwrap_or(Told::Killed(Signal::KILL.as_raw()))
}
