//! The process between a worker and a program. It starts the program in a process group of its own, passes signals on
//! to the whole group, and kills it when the worker is gone, however it went: then their socket closes.
//!
//! A socket says what a signal cannot (`kill -9` sends none), and it needs no `unsafe`, which asking the kernel for a
//! signal at the parent's death does; that one would reach the program alone, too, and not what it started.
//!
//! The worker's words on the guard's standard input, a line each: first the job for the program, then orders. The
//! guard's words on the same socket, a line each: [`Told`].

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

/// What becomes of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The process and its group have this id.
    Started(i32),
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// It was not started, and why.
    NotStarted(String),
}

/// What the worker asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Term,
    Kill,
    /// Do nothing for a while.
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

    /// A paused process hears TERM only when it goes on.
    fn signals(self) -> &'static [Signal] {
        match self {
            Order::Term => &[Signal::TERM, Signal::CONT],
            Order::Kill => &[Signal::KILL],
            Order::Pause => &[Signal::STOP],
            Order::GoOn => &[Signal::CONT],
        }
    }
}

/// The program's process group, as long as it is there: `None` once the program was waited for, because its id may then
/// be someone else's.
#[derive(Clone)]
struct Group(Arc<Mutex<Option<Pid>>>);

impl Group {
    fn send(&self, order: Order) {
        let group = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for signal in order.signals() {
            // It may have ended by itself.
            let _ = group.map(|id| kill_process_group(id, *signal));
        }
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Runs the program from the first word of the worker to its end. It gets the umask, if one is given.
pub fn guard(command: &[OsString], umask: Option<u32>) -> io::Result<()> {
    let worker = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut words = BufReader::new(worker.try_clone()?);
    let mut job = String::new();
    if words.read_line(&mut job)? == 0 {
        return Ok(());
    }
    // The guard makes no files of its own.
    umask.into_iter().for_each(set_umask);
    let mut child = match start(command) {
        Ok(child) => child,
        Err(error) => return tell(&worker, &Told::NotStarted(error.to_string())),
    };
    let id = Pid::from_child(&child);
    let group = Group(Arc::new(Mutex::new(Some(id))));
    feed(&mut child, job);
    follow(words, group.clone());
    // Even if the worker does not hear it any more, the program is waited for.
    let _ = tell(&worker, &Told::Started(id.as_raw_nonzero().get()));
    // Left unwaited for as long as its group is signalled, so that the id is not given again.
    retry_on_intr(|| waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT))?;
    // What the program left behind in its group ends with it.
    group.send(Order::Kill);
    group.forget();
    let status = child.wait()?;
    tell(&worker, &status.signal().map_or_else(|| Told::Exited(status.code().unwrap_or(-1)), Told::Killed))
}

fn start(command: &[OsString]) -> io::Result<Child> {
    let (program, arguments) = command.split_first().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    Command::new(program).args(arguments).stdin(Stdio::piped()).process_group(0).spawn()
}

/// In a thread of its own: a program need not read its job.
fn feed(child: &mut Child, job: String) {
    if let Some(mut input) = child.stdin.take() {
        std::thread::spawn(move || drop(input.write_all(job.as_bytes())));
    }
}

/// Does what the worker says; when the worker says nothing any more, it is gone.
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

fn tell(mut worker: &UnixStream, told: &Told) -> io::Result<()> {
    let mut line = serde_json::to_string(told)?;
    line.push('\n');
    worker.write_all(line.as_bytes())
}
