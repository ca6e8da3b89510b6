//! What a program writes, until it and its group have ended: a process that left the group may hold the pipe open for
//! ever, and is not waited for.

use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::watch,
    time::timeout,
};

/// After the end, what was written lies in the pipe already.
const SILENCE: Duration = Duration::from_millis(100);

/// More than a pipe holds.
const REST: usize = 2 << 20;

pub struct Pipe<R> {
    stream: R,
    ended: watch::Receiver<bool>,
    /// Bytes that are still taken, once the program has ended.
    rest: Option<usize>,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    pub fn new(stream: R, ended: watch::Receiver<bool>) -> Self {
        Self { stream, ended, rest: None }
    }

    /// How many bytes were read; 0 at the end.
    pub async fn read(&mut self, buffer: &mut [u8]) -> usize {
        if self.rest.is_none() {
            tokio::select! {
                biased;
                read = self.stream.read(buffer) => return read.unwrap_or(0),
                _ = self.ended.wait_for(|ended| *ended) => self.rest = Some(REST),
            }
        }
        let rest = self.rest.unwrap_or_default().min(buffer.len());
        let read = timeout(SILENCE, self.stream.read(&mut buffer[..rest])).await;
        let read = read.map_or(0, Result::unwrap_or_default);
        self.rest = self.rest.map(|rest| rest.saturating_sub(read));
        read
    }
}
