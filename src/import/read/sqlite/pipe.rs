//! Reader of the child process's output, with a timeout, until the run is to stop.

use super::super::super::stop::StopFlag;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    io::{self, Read},
    process::ChildStdout,
    time::{Duration, Instant},
};

/// Maximum time without output. The process checks the whole file before it sends the first record.
pub const OUTPUT_TIMEOUT: Duration = Duration::from_secs(180);

/// Interval between two checks of the stop flag.
const STOP_CHECK_INTERVAL: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

pub struct Pipe {
    out: ChildStdout,
    stop: StopFlag,
}

impl Pipe {
    pub fn new(out: ChildStdout, stop: StopFlag) -> Self {
        Self { out, stop }
    }
}

impl Read for Pipe {
    /// Reads the next bytes.
    ///
    /// Errors: `TimedOut` after [`OUTPUT_TIMEOUT`] without output, `ConnectionAborted` when the run
    /// is to stop.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let began = Instant::now();
        loop {
            if self.stop.is_requested() {
                return Err(stopped());
            }
            let ready = poll(
                &mut [PollFd::new(&self.out, PollFlags::IN)],
                Some(&STOP_CHECK_INTERVAL),
            );
            match ready {
                Ok(0) if began.elapsed() > OUTPUT_TIMEOUT => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
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

/// Error of a read after the stop. It is not `Interrupted`, which readers retry.
fn stopped() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}
