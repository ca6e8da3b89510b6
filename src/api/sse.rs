//! Server-sent events: how messages are written, and an answer that goes on.

use super::dto::{Event, JobCounts, JobWithShots, Shot, StreamMessage, StreamSnapshot};
use crate::jobs::{Counts, FeedChange, JobNews, JobWatch, JobsNews, JobsWatch, Reset, Wanted};
use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::{Stream, stream};
use poem::{Body, IntoResponse, Response};
use poem_openapi::{
    payload::Payload,
    registry::{MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use serde_json::json;
use std::{collections::VecDeque, fmt::Display, io, time::Duration};

/// After this time without a message comes a comment, so that nobody on the way takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Milliseconds after which a client that was cut off is to come back.
const RETRY: &str = "retry: 1000\n\n";

/// An answer of the media type `text/event-stream`.
pub struct EventStream(Body);

impl EventStream {
    pub fn of_job(watch: JobWatch) -> Self {
        Self::new(Source::Job(watch))
    }

    /// `now` is the present moment, for the snapshot.
    pub fn of_all(watch: JobsWatch, now: impl Fn() -> DateTime<Utc> + Send + 'static) -> Self {
        Self::new(Source::All(watch, Box::new(now)))
    }

    fn new(source: Source) -> Self {
        Self(Body::from_bytes_stream(pieces(source)))
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type("text/event-stream")
            .header("Cache-Control", "no-store")
            // Some proxies would gather the answer before they pass it on.
            .header("X-Accel-Buffering", "no")
            .body(self.0)
    }
}

impl Payload for EventStream {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn schema_ref() -> MetaSchemaRef {
        StreamMessage::schema_ref()
    }

    fn register(registry: &mut Registry) {
        StreamMessage::register(registry);
    }
}

enum Source {
    Job(JobWatch),
    All(JobsWatch, Box<dyn Fn() -> DateTime<Utc> + Send>),
}

/// Bytes of a batch that are sent in one piece. Of a larger one each message is a piece, which all readers share: what a
/// reader that is stuck holds is not its own.
const IN_ONE_PIECE: usize = 64 << 10;

fn pieces(source: Source) -> impl Stream<Item = Result<Bytes, io::Error>> {
    let begin = VecDeque::from([Bytes::from_static(RETRY.as_bytes())]);
    stream::unfold((source, begin), |(mut source, mut ready)| async move {
        let piece = loop {
            match ready.pop_front() {
                Some(piece) => break piece,
                None => ready = source.next().await?,
            }
        };
        Some((Ok(piece), (source, ready)))
    })
}

impl Source {
    /// The next pieces of the answer; `None` ends it.
    async fn next(&mut self) -> Option<VecDeque<Bytes>> {
        let piece = match self {
            Source::Job(watch) => match tokio::time::timeout(HEARTBEAT, watch.next()).await {
                Err(_) => return Some([Bytes::from_static(b": heartbeat\n\n")].into()),
                Ok(news) => news.map(|news| news.map(of_job)),
            },
            Source::All(watch, now) => match tokio::time::timeout(HEARTBEAT, watch.next()).await {
                // Names the place as well: a reader that wanted nothing for long goes on from here, and not from far behind.
                Err(_) => {
                    let place = watch.place().map(|place| format!("id: {place}\n")).unwrap_or_default();
                    return Some([Bytes::from(format!(": heartbeat\n{place}\n"))].into());
                }
                Ok(news) => news.map(|news| news.map(|news| of_all(news, now))),
            },
        };
        match piece {
            Ok(piece) => piece,
            Err(error) => {
                // The client comes back and goes on where it is.
                tracing::debug!(%error, "a stream ends early");
                None
            }
        }
    }
}

fn of_job(news: JobNews) -> VecDeque<Bytes> {
    let piece = match news {
        JobNews::Snapshot(whole) => {
            let (job, shots) = *whole;
            let version = job.version;
            let job = JobWithShots::new(job, shots.into_iter().map(Shot::from).collect());
            message(Some(&version), "snapshot", &job.to_json_string())
        }
        JobNews::Changes(wanted) => {
            let make = |change: &FeedChange| change_message(&change.event.seq, change);
            return messages(&wanted, |change| change.in_its_job(make));
        }
        JobNews::Reset(reset) => reset_message(reset),
    };
    [piece].into()
}

fn of_all(news: JobsNews, now: &impl Fn() -> DateTime<Utc>) -> VecDeque<Bytes> {
    let make = |change: &FeedChange| change_message(&change.place, change);
    let piece = match news {
        JobsNews::Snapshot { at, counts } => snapshot_message(at, counts, now()),
        JobsNews::Changes(Wanted { batch, only: None }) if batch.weight <= IN_ONE_PIECE => {
            batch.together(|batch| concat(batch.changes.iter().map(|change| change.in_all(make))))
        }
        JobsNews::Changes(wanted) => return messages(&wanted, |change| change.in_all(make)),
        JobsNews::Reset(reset) => reset_message(reset),
    };
    [piece].into()
}

fn snapshot_message(at: i64, counts: Counts, now: DateTime<Utc>) -> Bytes {
    let snapshot = StreamSnapshot { position: at.to_string(), counts: JobCounts::from(counts), as_of: now.into() };
    message(Some(&at), "snapshot", &snapshot.to_json_string())
}

fn change_message(id: &impl Display, change: &FeedChange) -> Bytes {
    message(Some(id), "change", &Event::from((*change.event).clone()).to_json_string())
}

fn reset_message(reset: Reset) -> Bytes {
    message(None::<&i64>, "reset", &json!({"reason": reset.reason()}).to_string())
}

fn messages(wanted: &Wanted, message: impl Fn(&FeedChange) -> Bytes) -> VecDeque<Bytes> {
    let messages = wanted.changes().map(message);
    if wanted.batch.weight > IN_ONE_PIECE { messages.collect() } else { [concat(messages)].into() }
}

fn concat(mut messages: impl Iterator<Item = Bytes>) -> Bytes {
    let Some(first) = messages.next() else { return Bytes::new() };
    let Some(second) = messages.next() else { return first };
    let mut all = BytesMut::from(&first[..]);
    all.extend_from_slice(&second);
    messages.for_each(|message| all.put(message));
    all.freeze()
}

/// JSON has no line ends of its own, so that the data is one line.
fn message(id: Option<&impl Display>, name: &str, data: &str) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    Bytes::from(format!("{id}event: {name}\ndata: {data}\n\n"))
}
