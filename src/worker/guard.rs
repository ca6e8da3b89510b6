//! The guard: a process between a worker and a program. It starts the program in a separate process
//! group, forwards signals to the whole group, and kills the group when the worker ends for any
//! reason, because the worker's end of their socket then closes.
//!
//! The guard knows until when the lease is valid. It suspends the group at that time, whatever the
//! worker does meanwhile: a worker that is stopped, hangs, or slept with its host cannot do so, and
//! another worker may run the job by then.
//!
//! A closed socket also reports what no signal does, such as `kill -9` of the worker. The
//! alternative, asking the kernel for a signal at the parent's death, needs `unsafe` and would
//! reach only the program, not the processes that it started.
//!
//! Each message on the socket, which is the guard's standard input, is one line. The worker sends
//! the job for the program, then orders. The guard sends [`GuardMessage`].

use crate::process::set_umask;
use callsheet_client::uptime;
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
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Maximum time between two looks at the clock: a host that wakes up reports nothing.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

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
    /// The program is suspended: its lease may have run out.
    Paused,
    /// The program goes on: its lease was extended.
    WentOn,
}

/// Order from the worker to the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Asks the program to end within this time.
    Term(Duration),
    Kill,
    /// Lets the program run until this [`uptime`].
    RunUntil(Duration),
}

/// The program's process group, and how long it may run. Shared by the threads of the guard.
struct Group {
    state: Mutex<GroupState>,
    changed: Condvar,
}

struct GroupState {
    /// `None` once the program was waited for, because the system may then give its id to another
    /// process.
    id: Option<Pid>,
    /// [`uptime`] at which the program is suspended; `None` while the worker has not named it.
    until: Option<Duration>,
    paused: bool,
}

impl Group {
    fn state(&self) -> MutexGuard<'_, GroupState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn execute(&self, order: Order) {
        let mut state = self.state();
        match order {
            Order::Kill => state.send(Signal::KILL),
            Order::RunUntil(until) => state.until = Some(until),
            Order::Term(grace) => {
                state.until = state.until.map(|until| until.max(uptime() + grace));
                state.send(Signal::TERM);
                // A suspended process handles SIGTERM only after it has been resumed.
                state.send(Signal::CONT);
                state.paused = false;
            }
        }
        self.changed.notify_all();
    }

    /// Suspends and resumes the program as its lease says, until the program has ended.
    fn follow_lease(&self, worker: &UnixStream) {
        let mut state = self.state();
        while state.id.is_some() {
            let rest = state
                .until
                .map(|until| until.saturating_sub(uptime()))
                .unwrap_or(LOOK_INTERVAL);
            if state.paused != rest.is_zero() {
                state.paused = rest.is_zero();
                let (signal, message) = if state.paused {
                    (Signal::STOP, GuardMessage::Paused)
                } else {
                    (Signal::CONT, GuardMessage::WentOn)
                };
                state.send(signal);
                // An error is ignored: the program is paused even if the worker does not listen.
                let _ = tell(worker, &message);
            }
            let wait = if rest.is_zero() {
                LOOK_INTERVAL
            } else {
                rest.min(LOOK_INTERVAL)
            };
            let woken = self.changed.wait_timeout(state, wait);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn forget(&self) {
        self.state().id = None;
        self.changed.notify_all();
    }
}

impl GroupState {
    fn send(&self, signal: Signal) {
        // An error is ignored: the group may have ended already.
        let _ = self.id.map(|id| kill_process_group(id, signal));
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
    let group = Arc::new(Group {
        state: Mutex::new(GroupState {
            id: Some(id),
            until: None,
            paused: false,
        }),
        changed: Condvar::new(),
    });
    feed(&mut child, job);
    // An error is ignored: the guard waits for the program even if the worker no longer listens.
    let _ = tell(&worker, &GuardMessage::Started(id.as_raw_nonzero().get()));
    follow(words, group.clone());
    let (own, told) = (group.clone(), worker.try_clone()?);
    std::thread::spawn(move || own.follow_lease(&told));
    // `NOWAIT` leaves the ended process unreaped, so that its id is not reused while the group can
    // still be signalled.
    retry_on_intr(|| {
        waitid(
            WaitId::Pid(id),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        )
    })?;
    // Kills the processes that the program left behind in its group.
    group.execute(Order::Kill);
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
fn follow(words: BufReader<UnixStream>, group: Arc<Group>) {
    std::thread::spawn(move || {
        for word in words.lines().map_while(Result::ok) {
            if let Ok(order) = serde_json::from_str(&word) {
                group.execute(order);
            }
        }
        group.execute(Order::Kill);
    });
}

fn tell(mut worker: &UnixStream, message: &GuardMessage) -> io::Result<()> {
    let mut line = serde_json::to_string(message)?;
    line.push('\n');
    worker.write_all(line.as_bytes())
}
