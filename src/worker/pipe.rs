//! Output of a program until its process group has ended. A process that left the group may hold
//! the pipe open forever, so the reader does not wait for the end of the stream.

use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::watch,
    time::timeout,
};

/// Maximum silence after the program has ended; what it wrote is in the pipe by then.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(100);

/// Maximum bytes read after the program has ended; more than a pipe holds.
const MAX_DRAIN_BYTES: usize = 2 << 20;

pub struct Pipe<R> {
    stream: R,
    ended: watch::Receiver<bool>,
    /// Bytes that may still be read; `None` until the program has ended.
    remaining: Option<usize>,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    pub fn new(stream: R, ended: watch::Receiver<bool>) -> Self {
        Self {
            stream,
            ended,
            remaining: None,
        }
    }

    /// Reads into `buffer` and returns the number of bytes; 0 at the end.
    pub async fn read(&mut self, buffer: &mut [u8]) -> usize {
        if self.remaining.is_none() {
            tokio::select! {
                biased;
                read = self.stream.read(buffer) => return read.unwrap_or(0),
                _ = self.ended.wait_for(|ended| *ended) => self.remaining = Some(MAX_DRAIN_BYTES),
            }
        }
        let rest = self.remaining.unwrap_or_default().min(buffer.len());
        let read = timeout(DRAIN_TIMEOUT, self.stream.read(&mut buffer[..rest])).await;
        let read = read.map_or(0, Result::unwrap_or_default);
        self.remaining = self.remaining.map(|rest| rest.saturating_sub(read));
        read
    }
}
