//! The program of one job, which the worker controls through its guard.

use super::{
    Worker,
    guard::{GuardMessage, Order},
    input,
};
use crate::process::{self, inherited_umask};
use callsheet_client::lease::Claim;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{io, os::fd::OwnedFd, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    process::{Child, ChildStderr, ChildStdout, Command},
    sync::mpsc,
};

pub struct Program {
    orders: OwnedWriteHalf,
    messages: mpsc::UnboundedReceiver<GuardMessage>,
}

/// Standard output and standard error of the program.
pub struct Streams {
    pub out: ChildStdout,
    pub err: ChildStderr,
}

impl Program {
    /// Starts the program behind a guard and sends the job to it. The program may run until the
    /// given uptime.
    pub async fn start(
        worker: &Worker,
        claim: &Claim,
        until: Duration,
    ) -> io::Result<(Self, Streams)> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let (reader, mut orders) = UnixStream::from_std(ours)?.into_split();
        let mut command = Command::new(process::own_file()?);
        command
            // Another name than `callsheet`, so that killing all processes of that name spares the
            // guards.
            .arg0("callsheet-guard")
            .arg("work-guard")
            .args(umask())
            .arg("--")
            .args(&worker.options.command)
            // The program must not get the worker's own secrets.
            .env_clear()
            .envs(
                worker
                    .options
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .envs(input::environment(worker, claim))
            .process_group(0)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(folder) = &worker.options.folder {
            command.current_dir(folder);
        }
        let mut guard = command.spawn()?;
        // `command` holds the guard's end of the socket, which has to close when the guard ends.
        drop(command);
        let (Some(out), Some(err)) = (guard.stdout.take(), guard.stderr.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        // An error is ignored: a guard that ends at once reports the reason itself if it can.
        let _ = orders.write_all(input::line(claim).as_bytes()).await;
        let (send, messages) = mpsc::unbounded_channel();
        tokio::spawn(listen(reader, guard, send));
        let program = Self { orders, messages };
        program.order(Order::RunUntil(until));
        Ok((program, Streams { out, err }))
    }

    /// Waits for the next message about the program. The last one says how it ended. The call may
    /// be cancelled.
    pub async fn message(&mut self) -> GuardMessage {
        let message = self.messages.recv().await;
        message.unwrap_or(GuardMessage::Killed(Signal::KILL.as_raw()))
    }

    pub fn order(&self, order: Order) {
        let Ok(mut line) = serde_json::to_vec(&order) else {
            return;
        };
        line.push(b'\n');
        // A few bytes always fit into the socket's buffer, and a guard that is gone needs no
        // orders.
        let _ = self.orders.try_write(&line);
    }
}

/// Returns the guard's argument with the umask for the program: the one that the worker was started
/// with. Others may have to read the program's files, e.g. a web server that shows the videos; the
/// worker's own files stay private.
fn umask() -> Option<String> {
    inherited_umask().map(|mask| format!("--umask={mask:o}"))
}

/// Passes on the guard's messages. The message that the program has ended comes when the guard has
/// ended too.
async fn listen(
    reader: OwnedReadHalf,
    mut guard: Child,
    messages: mpsc::UnboundedSender<GuardMessage>,
) {
    let mut lines = BufReader::new(reader).lines();
    let mut group = None;
    let mut end = None;
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(GuardMessage::Started(id)) => group = Pid::from_raw(id),
            Ok(message @ (GuardMessage::Paused | GuardMessage::WentOn)) => {
                let _ = messages.send(message);
            }
            Ok(ended) => end = Some(ended),
            Err(_) => {}
        }
    }
    // A guard that was killed itself can no longer end the program.
    if let (None, Some(group)) = (&end, group) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = guard.wait().await;
    let _ = messages.send(end.unwrap_or(GuardMessage::Killed(Signal::KILL.as_raw())));
}
