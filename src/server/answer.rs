//! Body of a response, handed to hyper in pieces.

use super::request_counts::{RequestCounts, UnderWay};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// Maximum bytes that are handed to hyper at once: each piece that it takes shows that the client
/// reads.
const PIECE_BYTES: usize = 64 << 10;

/// Body of a response. The request counts as in progress until all of the body is handed to hyper.
pub struct Answer {
    body: BoxBody<Bytes, io::Error>,
    /// Bytes of the last frame that are not handed over yet.
    rest: Bytes,
    traffic: Arc<RequestCounts>,
    _under_way: UnderWay,
}

impl Answer {
    /// Counts the response as pending until all of it is taken.
    pub fn new(body: BoxBody<Bytes, io::Error>, under_way: UnderWay) -> Self {
        let traffic = under_way.traffic();
        traffic.begin_answer();
        Self {
            body,
            rest: Bytes::new(),
            traffic,
            _under_way: under_way,
        }
    }

    fn next_piece(&mut self) -> Bytes {
        self.rest.split_to(self.rest.len().min(PIECE_BYTES))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.traffic.end_answer();
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                other => return Poll::Ready(other),
            }
        }
        self.traffic.note_taken();
        Poll::Ready(Some(Ok(Frame::data(self.next_piece()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, mut hint) = (self.rest.len() as u64, self.body.size_hint());
        let upper = hint.upper();
        hint.set_lower(hint.lower() + rest);
        if let Some(upper) = upper {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
