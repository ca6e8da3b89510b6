//! Server-sent events: how messages are written, and an answer that goes on.

use super::{
    dto::{Event, JobCounts, JobWithShots, Shot, StreamMessage, StreamSnapshot},
    room::ANSWERS,
    written::LARGE,
};
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
use std::{fmt::Display, io, time::Duration};

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

/// A message that is large goes out piece by piece, and counts among the large answers until then.
fn pieces(source: Source) -> impl Stream<Item = Result<Bytes, io::Error>> {
    let first = (Bytes::from_static(RETRY.as_bytes()), ANSWERS.share());
    stream::unfold((source, first), |(mut source, (mut rest, mut share))| async move {
        if rest.is_empty() {
            (rest, share) = (source.next().await?, ANSWERS.share());
            if rest.len() > LARGE && !share.grow_to(rest.len()) {
                // The client comes back when there is room, and goes on where it is.
                return None;
            }
        }
        let piece = rest.split_to(LARGE.min(rest.len()));
        Some((Ok(piece), (source, (rest, share))))
    })
}

impl Source {
    /// The next piece of the answer; `None` ends it.
    async fn next(&mut self) -> Option<Bytes> {
        let piece = match self {
            Source::Job(watch) => match tokio::time::timeout(HEARTBEAT, watch.next()).await {
                Err(_) => return Some(Bytes::from_static(b": heartbeat\n\n")),
                Ok(news) => news.map(|news| news.map(of_job)),
            },
            Source::All(watch, now) => match tokio::time::timeout(HEARTBEAT, watch.next()).await {
                // Names the place as well: a reader that wanted nothing for long goes on from here, and not from far behind.
                Err(_) => {
                    let place = watch.place().map(|place| format!("id: {place}\n")).unwrap_or_default();
                    return Some(Bytes::from(format!(": heartbeat\n{place}\n")));
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

fn of_job(news: JobNews) -> Bytes {
    match news {
        JobNews::Snapshot(whole) => {
            let (job, shots, next_after) = *whole;
            let version = job.version;
            let job = JobWithShots::new(job, shots.into_iter().map(Shot::from).collect(), next_after);
            message(Some(&version), "snapshot", &job.to_json_string())
        }
        JobNews::Changes(wanted) => {
            let make = |change: &FeedChange| change_message(&change.event.seq, change);
            joined(&wanted, |change| change.in_its_job(make))
        }
        JobNews::Reset(reset) => reset_message(reset),
    }
}

fn of_all(news: JobsNews, now: &impl Fn() -> DateTime<Utc>) -> Bytes {
    let make = |change: &FeedChange| change_message(&change.place, change);
    match news {
        JobsNews::Snapshot { at, counts } => snapshot_message(at, counts, now()),
        JobsNews::Changes(Wanted { batch, only: None }) => {
            batch.together(|batch| concat(batch.changes.iter().map(|change| change.in_all(make))))
        }
        JobsNews::Changes(wanted) => joined(&wanted, |change| change.in_all(make)),
        JobsNews::Reset(reset) => reset_message(reset),
    }
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

fn joined(wanted: &Wanted, message: impl Fn(&FeedChange) -> Bytes) -> Bytes {
    concat(wanted.changes().map(message))
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
