//! The guard: a process between a worker and a program. It starts the program in a separate process
//! group, forwards signals to the whole group, and kills the group when the worker ends for any
//! reason, because the worker's end of their socket then closes.
//!
//! A closed socket also reports what no signal does, such as `kill -9` of the worker. The
//! alternative, asking the kernel for a signal at the parent's death, needs `unsafe` and would
//! reach only the program, not the processes that it started.
//!
//! Each message on the socket, which is the guard's standard input, is one line. The worker sends
//! the job for the program, then orders. The guard sends [`GuardMessage`].

use crate::process::set_umask;
use rustix::{
    io::retry_on_intr,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid},
};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader, Write},
    os::{
        fd::AsFd,
        unix::{
            net::UnixStream,
            process::{CommandExt, ExitStatusExt},
        },
    },
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

/// Message from the guard to the worker about the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardMessage {
    /// The program runs. The value is the id of its process and of its process group.
    Started(i32),
    /// The program ended with this exit code.
    Exited(i32),
    /// This signal killed the program.
    Killed(i32),
    /// The program could not be started, with the reason.
    NotStarted(String),
}

/// Order from the worker to the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Term,
    Kill,
    /// Suspends the program until [`Order::GoOn`].
    Pause,
    GoOn,
}

impl Order {
    const ALL: [Order; 4] = [Order::Term, Order::Kill, Order::Pause, Order::GoOn];

    pub fn word(self) -> &'static str {
        match self {
            Order::Term => "term",
            Order::Kill => "kill",
            Order::Pause => "pause",
            Order::GoOn => "go on",
        }
    }

    /// Returns the signals to send, in order. SIGCONT follows SIGTERM, because a suspended process
    /// handles SIGTERM only after it has been resumed.
    fn signals(self) -> &'static [Signal] {
        match self {
            Order::Term => &[Signal::TERM, Signal::CONT],
            Order::Kill => &[Signal::KILL],
            Order::Pause => &[Signal::STOP],
            Order::GoOn => &[Signal::CONT],
        }
    }
}

/// Process group of the program. `None` once the program was waited for, because the system may
/// then give its id to another process.
#[derive(Clone)]
struct Group(Arc<Mutex<Option<Pid>>>);

impl Group {
    fn send(&self, order: Order) {
        let group = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for signal in order.signals() {
            // An error is ignored: the group may have ended already.
            let _ = group.map(|id| kill_process_group(id, *signal));
        }
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Runs `command` with the job that the worker sends, and returns when the program has ended. The
/// program gets `umask` if it is given.
pub fn guard(command: &[OsString], umask: Option<u32>) -> io::Result<()> {
    let worker = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut words = BufReader::new(worker.try_clone()?);
    let mut job = String::new();
    if words.read_line(&mut job)? == 0 {
        return Ok(());
    }
    // The guard creates no files, so it can take the umask that is meant for the program.
    umask.into_iter().for_each(set_umask);
    let mut child = match start(command) {
        Ok(child) => child,
        Err(error) => return tell(&worker, &GuardMessage::NotStarted(error.to_string())),
    };
    let id = Pid::from_child(&child);
    let group = Group(Arc::new(Mutex::new(Some(id))));
    feed(&mut child, job);
    follow(words, group.clone());
    // An error is ignored: the guard waits for the program even if the worker no longer listens.
    let _ = tell(&worker, &GuardMessage::Started(id.as_raw_nonzero().get()));
    // `NOWAIT` leaves the ended process unreaped, so that its id is not reused while the group can
    // still be signalled.
    retry_on_intr(|| {
        waitid(
            WaitId::Pid(id),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        )
    })?;
    // Kills the processes that the program left behind in its group.
    group.send(Order::Kill);
    group.forget();
    let status = child.wait()?;
    tell(
        &worker,
        &status.signal().map_or_else(
            || GuardMessage::Exited(status.code().unwrap_or(-1)),
            GuardMessage::Killed,
        ),
    )
}

fn start(command: &[OsString]) -> io::Result<Child> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
}

/// Writes the job to the program's standard input, in a separate thread, because the program may
/// never read it.
fn feed(child: &mut Child, job: String) {
    if let Some(mut input) = child.stdin.take() {
        std::thread::spawn(move || drop(input.write_all(job.as_bytes())));
    }
}

/// Executes the worker's orders in a separate thread. The end of the orders means that the worker
/// is gone, and the guard kills the group.
fn follow(words: BufReader<UnixStream>, group: Group) {
    std::thread::spawn(move || {
        for word in words.lines().map_while(Result::ok) {
            if let Some(order) = Order::ALL.into_iter().find(|order| order.word() == word) {
                group.send(order);
            }
        }
        group.send(Order::Kill);
    });
}

fn tell(mut worker: &UnixStream, message: &GuardMessage) -> io::Result<()> {
    let mut line = serde_json::to_string(message)?;
    line.push('\n');
    worker.write_all(line.as_bytes())
}
