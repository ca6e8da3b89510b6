//! A request body with a minimum rate. Without it, a client that sends a byte now and then could
//! hold a request and its resources for as long as it likes.

use super::request_counts::RequestCounts;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};

/// Maximum silence within a body, however much of it arrived before.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// Body that fails with `TimedOut` if it is too slow. Only the time in which the server waits for
/// the client counts.
pub struct MinRateBody<B> {
    body: B,
    /// Minimum bytes per second; 0 for no minimum.
    rate: u32,
    /// Time for which the server still waits for data.
    credit: Duration,
    most_credit: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    ended: bool,
    /// Requests of the connection, notified if the body is dropped before its end.
    traffic: Option<Arc<RequestCounts>>,
}

impl<B> MinRateBody<B> {
    /// Wraps `body`. `lag` is the time by which the body may be behind its rate.
    pub fn new(body: B, lag: Duration, rate: u32, traffic: Option<Arc<RequestCounts>>) -> Self {
        let most_credit = lag.max(MAX_SILENCE);
        Self {
            body,
            rate,
            credit: lag,
            most_credit,
            waiting: None,
            ended: false,
            traffic,
        }
    }

    fn received(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.credit = self.credit.saturating_sub(since.elapsed());
        }
        let earned = Duration::from_secs_f64(bytes as f64 / f64::from(self.rate.max(1)));
        self.credit = (self.credit + earned).min(self.most_credit);
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.rate == 0 {
            return Poll::Pending;
        }
        let credit = self.credit;
        let (_, sleep) = self
            .waiting
            .get_or_insert_with(|| (Instant::now(), Box::pin(sleep(credit))));
        sleep.as_mut().poll(cx).map(|()| {
            io::Error::new(
                io::ErrorKind::TimedOut,
                "the request body arrived too slowly",
            )
        })
    }
}

impl<B> Body for MinRateBody<B>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.received(frame.data_ref().map_or(0, Bytes::len));
                self.ended = self.body.is_end_stream();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(io::Error::other(error)))),
            Poll::Ready(None) => {
                self.ended = true;
                Poll::Ready(None)
            }
            Poll::Pending => self.wait(cx).map(|error| Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for MinRateBody<B> {
    fn drop(&mut self) {
        if let (false, Some(traffic)) = (self.ended, &self.traffic) {
            traffic.leave_unread();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Body without data: the tests simulate what arrives, and when.
    struct Silent;

    fn waits(body: &mut MinRateBody<Silent>, seconds: u64) -> bool {
        let began = Instant::now()
            .checked_sub(Duration::from_secs(seconds))
            .unwrap();
        body.waiting = Some((began, Box::pin(sleep(Duration::ZERO))));
        Duration::from_secs(seconds) < body.credit
    }

    #[tokio::test]
    async fn a_drip_ends_and_a_slow_but_steady_body_and_one_with_pauses_do_not() {
        let lag = Duration::from_secs(30);
        let mut drip = MinRateBody::new(Silent, lag, 1024, None);
        let lasted = (0..100).take_while(|_| {
            let lasts = waits(&mut drip, 10);
            drip.received(1);
            lasts
        });
        // A byte earns a millisecond of credit, which the third wait needs on a fast machine.
        assert!(
            matches!(lasted.count(), 2 | 3),
            "a byte each 10 s lasts 30 s at most"
        );
        let mut steady = MinRateBody::new(Silent, lag, 1024, None);
        for _ in 0..1000 {
            assert!(waits(&mut steady, 10));
            steady.received(10 * 1024 + 100);
        }
        let mut paused = MinRateBody::new(Silent, lag, 1024, None);
        paused.received(1 << 30);
        assert!(waits(&mut paused, 59), "a good upload may pause");
        assert!(
            !waits(&mut paused, 61),
            "but not for ever, however much came"
        );
    }
}
