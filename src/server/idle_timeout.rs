//! A connection that ends when nothing happens on it: the client is gone, reads nothing of its
//! response, does not finish a header, or sends no request.
//!
//! hyper's own header timeout also counts the time between two requests, and does not cover the
//! first bytes, which distinguish HTTP/2 from HTTP/1. hyper checks once whether the client is gone,
//! so a stream without events would stay open until the next event. Here, such a connection cannot
//! be flushed any more, which ends it at once.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
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

/// Counts of the requests of a connection.
pub struct RequestCounts {
    since: Instant,
    begun: AtomicUsize,
    under_way: AtomicUsize,
    /// Milliseconds from `since` to the end of the last response. hyper resumes reading only when
    /// something wakes it, so the end is recorded here.
    ended: AtomicU64,
    multiplexed: AtomicBool,
    /// Number of responses of which the client has not taken all.
    answers: AtomicUsize,
    /// Milliseconds from `since` to the last piece of a response that was taken.
    taken: AtomicU64,
    /// True if a request was answered before all of its body had arrived.
    unread: AtomicBool,
}

impl Default for RequestCounts {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            begun: AtomicUsize::default(),
            under_way: AtomicUsize::default(),
            ended: AtomicU64::default(),
            multiplexed: AtomicBool::default(),
            answers: AtomicUsize::default(),
            taken: AtomicU64::default(),
            unread: AtomicBool::default(),
        }
    }
}

impl RequestCounts {
    /// Counts a request, which is in progress until the returned value is dropped.
    pub fn begin(self: &Arc<Self>, multiplexed: bool) -> UnderWay {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::Relaxed);
        if multiplexed {
            self.multiplexed.store(true, Ordering::Relaxed);
        }
        UnderWay(self.clone())
    }

    /// Records that a request body was dropped before its end.
    pub fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Counts a response, which is pending until [`RequestCounts::end_answer`].
    pub fn begin_answer(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        self.note_taken();
    }

    /// Records that the client took a piece of a response.
    pub fn note_taken(&self) {
        self.taken.store(self.millis(), Ordering::Relaxed);
    }

    pub fn end_answer(&self) {
        self.note_taken();
        self.answers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns the time since which no response of a multiplexed connection has moved, though one
    /// is pending. An HTTP/2 client that opens no window is never written to, so no write is stuck.
    fn stalled_since(&self) -> Option<Instant> {
        let pending =
            self.multiplexed.load(Ordering::Relaxed) && self.answers.load(Ordering::Relaxed) > 0;
        pending.then(|| self.since + Duration::from_millis(self.taken.load(Ordering::Relaxed)))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns the time at which the last response ended.
    fn idle_since(&self) -> Instant {
        self.since + Duration::from_millis(self.ended.load(Ordering::Relaxed))
    }

    pub fn is_busy(&self) -> bool {
        self.under_way.load(Ordering::Acquire) > 0
    }
}

/// Request in progress, which ends when this is dropped.
pub struct UnderWay(Arc<RequestCounts>);

impl UnderWay {
    /// Whether a body of this connection was dropped before its end.
    pub fn left_unread(&self) -> bool {
        self.0.unread.load(Ordering::Relaxed)
    }

    pub fn traffic(&self) -> Arc<RequestCounts> {
        self.0.clone()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ended.store(self.0.millis(), Ordering::Relaxed);
        self.0.under_way.fetch_sub(1, Ordering::Release);
    }
}

/// Time at which the connection ends if nothing changes before.
#[derive(Clone, Copy)]
enum Limit {
    Header(Instant),
    Idle(Instant),
    /// Of a multiplexed connection whose client takes nothing of the responses that it asked for.
    Stalled(Instant),
}

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

    /// Returns whether the client has been silent for too long. Called when there is nothing to
    /// read.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let now = Instant::now();
        let limit = self.limit(now);
        let until = match limit {
            Some(Limit::Header(until) | Limit::Idle(until) | Limit::Stalled(until)) => until,
            // Checks again later: the end of a response does not make hyper read the connection.
            None => now + self.idle,
        };
        if self.timer.deadline() > until {
            self.timer.as_mut().reset(until);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if limit.is_some() && until <= Instant::now() {
                return true;
            }
            self.timer.as_mut().reset(until);
        }
        false
    }

    /// Returns whether the bytes that arrived belong to a header whose time limit has passed.
    fn is_late(&self) -> bool {
        let Some(Limit::Header(until)) = self.limit else {
            return false;
        };
        let same =
            self.traffic.begun.load(Ordering::Relaxed) == self.seen && !self.traffic.is_busy();
        same && self.header_begun && until <= Instant::now()
    }

    /// Updates and returns the limit: that of a header from its first byte, that of an idle
    /// connection from its last response.
    fn limit(&mut self, now: Instant) -> Option<Limit> {
        let begun = self.traffic.begun.load(Ordering::Relaxed);
        if self.traffic.is_busy() || self.stuck.is_some() || begun != self.seen {
            self.limit = None;
            self.header_begun = false;
        }
        if self.traffic.is_busy() || self.stuck.is_some() {
            let stalled = self.traffic.stalled_since();
            return stalled.map(|since| Limit::Stalled(since + self.write_timeout));
        }
        self.seen = begun;
        // HTTP/2 sends frames between requests too, which begin no header.
        let header_begun = self.header_begun && !self.traffic.multiplexed.load(Ordering::Relaxed);
        self.limit = match self.limit {
            Some(Limit::Header(until)) => Some(Limit::Header(until)),
            _ if header_begun => Some(Limit::Header(now + self.header)),
            None => Some(Limit::Idle(
                self.traffic.idle_since().max(self.taken) + self.idle,
            )),
            idle => idle,
        };
        self.limit
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
        if !matches!(shut, Poll::Ready(Ok(()))) || !self.traffic.unread.load(Ordering::Relaxed) {
            return shut;
        }
        self.linger(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(3600);

    fn watched(
        header: Duration,
        idle: Duration,
    ) -> (Watched<DuplexStream>, DuplexStream, Arc<RequestCounts>) {
        let (ours, theirs) = duplex(8);
        let traffic = Arc::<RequestCounts>::default();
        let watched = Watched::new(ours, traffic.clone(), header, idle);
        (watched, theirs, traffic)
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_ends_its_connection_and_a_slow_one_does_not() {
        let (mut watched, mut theirs, _) = watched(LONG, LONG);
        watched.write_timeout = SHORT;
        watched.write_all(b"12345678").await.unwrap();
        let reader = tokio::spawn(async move {
            let mut some = [0; 8];
            theirs.read_exact(&mut some).await.unwrap();
            theirs
        });
        watched.write_all(b"12345678").await.unwrap();
        let _kept = reader.await.unwrap();
        let error = watched.write_all(b"1").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_connection_without_a_first_request_ends_after_the_limit_of_a_header() {
        let (mut watched, _theirs, _) = watched(SHORT, LONG);
        assert_eq!(watched.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn half_a_header_ends_after_its_limit_whatever_drips_in_and_an_idle_connection_after_its_own()
     {
        let (mut watched, mut theirs, traffic) = watched(SHORT, LONG);
        theirs.write_all(b"GET").await.unwrap();
        assert_eq!(watched.read(&mut [0; 8]).await.unwrap(), 3);
        drop(traffic.begin(false));
        theirs.write_all(b"G").await.unwrap();
        assert_eq!(watched.read(&mut [0; 8]).await.unwrap(), 1);
        let drip = tokio::spawn(async move { while theirs.write_all(b"E").await.is_ok() {} });
        while watched.read(&mut [0; 8]).await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
        drop(watched);
        drip.await.unwrap();

        let (mut watched, _theirs, traffic) = self::watched(LONG, SHORT);
        drop(traffic.begin(false));
        assert_eq!(watched.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_body_that_was_answered_early_is_read_on_so_that_its_answer_arrives() {
        let (mut watched, mut theirs, traffic) = watched(LONG, LONG);
        traffic.leave_unread();
        let client = tokio::spawn(async move {
            theirs.write_all(&[0; 1000]).await.unwrap();
            let mut answer = Vec::new();
            theirs.read_to_end(&mut answer).await.unwrap();
            answer
        });
        watched.write_all(b"413").await.unwrap();
        watched.shutdown().await.unwrap();
        assert_eq!(
            (client.await.unwrap(), watched.dropped),
            (b"413".to_vec(), 1000)
        );
    }

    #[tokio::test]
    async fn a_request_under_way_keeps_its_connection() {
        let (mut watched, _theirs, traffic) = watched(SHORT, SHORT);
        let under_way = traffic.begin(false);
        let mut some = [0; 8];
        let waits = tokio::time::timeout(SHORT * 6, watched.read(&mut some)).await;
        assert!(waits.is_err(), "it is not over");
        drop(under_way);
        assert_eq!(watched.read(&mut some).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_multiplexed_connection_whose_client_takes_nothing_of_its_responses_ends() {
        let (mut watched, _theirs, traffic) = watched(SHORT, SHORT);
        watched.write_timeout = SHORT;
        let under_way = traffic.begin(true);
        traffic.begin_answer();
        assert_eq!(watched.read(&mut [0; 8]).await.unwrap(), 0);
        drop(under_way);

        let (mut watched, _theirs, traffic) = self::watched(SHORT, SHORT);
        watched.write_timeout = SHORT;
        let _waits_for_a_job = traffic.begin(true);
        let mut some = [0; 8];
        let waits = tokio::time::timeout(SHORT * 6, watched.read(&mut some)).await;
        assert!(waits.is_err(), "no response has begun");
    }
}
