//! A connection that ends when nothing happens on it: the client is gone, reads nothing of its
//! response, does not finish a header, or sends no request.
//!
//! hyper's own header timeout also counts the time between two requests, and does not cover the
//! first bytes, which distinguish HTTP/2 from HTTP/1. hyper checks once whether the client is gone,
//! so a stream without events would stay open until the next event. Here, such a connection cannot
//! be flushed any more, which ends it at once.

mod limit;

use super::request_counts::RequestCounts;
use limit::Limit;
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// Maximum time in which the client may read nothing of the data that waits for it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// Maximum time, and maximum bytes, for which a closing connection reads the rest of a body that
/// was answered before it had arrived. TCP resets a connection that is closed with unread bytes,
/// and the client would lose the response.
const LINGER_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_LINGER_BYTES: usize = 16 << 20;

pub struct Watched<I> {
    io: I,
    /// True if the client has closed the connection, or is treated as if it had.
    gone: bool,
    /// Timeout of a write that found no room in the socket's buffer.
    stuck: Option<Pin<Box<Sleep>>>,
    /// Time at which the client last read data that had been waiting.
    taken: Instant,
    write_timeout: Duration,
    traffic: Arc<RequestCounts>,
    header: Duration,
    idle: Duration,
    /// Current time limit; `None` while a request is in progress.
    limit: Option<Limit>,
    /// True if bytes arrived while no request was in progress.
    header_begun: bool,
    /// Number of requests that had begun when the limit was set.
    seen: usize,
    /// Bytes that the closing connection has read and discarded.
    dropped: usize,
    /// Time limit of a closing connection that still reads.
    lingers: Option<Pin<Box<Sleep>>>,
    /// Timer that fires no later than the limit, but may fire earlier: it is reset as rarely as
    /// possible.
    timer: Pin<Box<Sleep>>,
}

impl<I> Watched<I> {
    pub fn new(io: I, traffic: Arc<RequestCounts>, header: Duration, idle: Duration) -> Self {
        let now = Instant::now();
        let until = now + header;
        Self {
            io,
            gone: false,
            stuck: None,
            taken: now,
            write_timeout: WRITE_TIMEOUT,
            traffic,
            header,
            idle,
            limit: Some(Limit::Header(until)),
            header_begun: false,
            seen: 0,
            dropped: 0,
            lingers: None,
            timer: Box::pin(sleep_until(until)),
        }
    }

    fn watch_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.stuck.take().is_some() {
                self.taken = Instant::now();
            }
            return written;
        }
        let until = Instant::now() + self.write_timeout;
        let stuck = self
            .stuck
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        match stuck.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Watched<I> {
    /// Reads from the client. Once the limit has passed, reports the end of the stream.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        match read {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                if self.is_late() {
                    buffer.set_filled(before);
                    self.gone = true;
                }
                if !self.traffic.is_busy() {
                    // Clears a limit from before the last request, which does not apply to these
                    // bytes.
                    self.limit(Instant::now());
                    self.header_begun = true;
                    self.limit(Instant::now());
                }
            }
            Poll::Ready(Ok(())) => self.gone |= buffer.remaining() > 0,
            Poll::Ready(Err(_)) => {}
            Poll::Pending if self.gone || self.is_over(cx) => {
                self.gone = true;
                return Poll::Ready(Ok(()));
            }
            Poll::Pending => {}
        }
        read
    }
}

impl<I: AsyncRead + Unpin> Watched<I> {
    /// Reads and discards data until the client closes the connection or a limit is reached.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let until = Instant::now() + LINGER_TIMEOUT;
        let timer = self
            .lingers
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let mut bytes = [0; 8 << 10];
        while self.dropped < MAX_LINGER_BYTES {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.io).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.dropped += buffer.filled().len()
                }
                Poll::Ready(_) => break,
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.watch_write(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, pieces);
        self.watch_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(cx);
        if !matches!(shut, Poll::Ready(Ok(()))) || !self.traffic.has_left_unread() {
            return shut;
        }
        self.linger(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests;
