//! What the reading process writes, waited for no longer than is bearable and no longer than the run goes on.

use super::super::super::stop::Stop;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    io::{self, Read},
    process::ChildStdout,
    time::{Duration, Instant},
};

/// How long the process may say nothing: it looks through all of the file before the first record.
pub const SILENCE: Duration = Duration::from_secs(180);

/// Between two looks at whether the run is to end.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

pub struct Pipe {
    out: ChildStdout,
    stop: Stop,
}

impl Pipe {
    pub fn new(out: ChildStdout, stop: Stop) -> Self {
        Self { out, stop }
    }
}

impl Read for Pipe {
    /// Errors: `TimedOut` after the silence, `ConnectionAborted` when the run is to end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let began = Instant::now();
        loop {
            if self.stop.is_requested() {
                return Err(stopped());
            }
            let ready = poll(&mut [PollFd::new(&self.out, PollFlags::IN)], Some(&LOOK));
            match ready {
                Ok(0) if began.elapsed() > SILENCE => return Err(io::ErrorKind::TimedOut.into()),
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => match self.out.read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => return read,
                },
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Not `Interrupted`, which readers try again.
fn stopped() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}
