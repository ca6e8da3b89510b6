//! Server-sent events: the format of the messages, and the streaming response.

use super::{
    dto::{Event, JobCounts, JobWithShots, Shot, StreamData, StreamSnapshot},
    json_bytes::LARGE_RESPONSE_BYTES,
    memory_limit::RESPONSE_MEMORY,
};
use crate::jobs::{
    Counts, FeedChange, FilteredBatch, JobMessage, JobWatch, JobsMessage, JobsWatch, Reset,
};
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

/// Silence after which the stream sends a comment, so that no proxy treats the connection as dead.
const KEEP_ALIVE_PERIOD: Duration = Duration::from_secs(15);

/// Message that sets the reconnection delay of clients to 1,000 milliseconds.
const RECONNECT_DELAY_FIELD: &str = "retry: 1000\n\n";

/// A response of the media type `text/event-stream`.
pub struct EventStream(Body);

impl EventStream {
    pub fn of_job(watch: JobWatch) -> Self {
        Self::new(EventSource::Job(watch))
    }

    /// Returns the stream of all jobs; `now` gives the time for the snapshot.
    pub fn of_all(watch: JobsWatch, now: impl Fn() -> DateTime<Utc> + Send + 'static) -> Self {
        Self::new(EventSource::All(watch, Box::new(now)))
    }

    fn new(source: EventSource) -> Self {
        Self(Body::from_bytes_stream(pieces(source)))
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type("text/event-stream")
            .header("Cache-Control", "no-store")
            // Some proxies buffer a whole response before they forward it.
            .header("X-Accel-Buffering", "no")
            .body(self.0)
    }
}

impl Payload for EventStream {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn schema_ref() -> MetaSchemaRef {
        StreamData::schema_ref()
    }

    fn register(registry: &mut Registry) {
        StreamData::register(registry);
    }
}

enum EventSource {
    Job(JobWatch),
    All(JobsWatch, Box<dyn Fn() -> DateTime<Utc> + Send>),
}

/// Returns the bytes of the stream. A large message is sent in pieces, and counts against the
/// memory limit of responses until its last piece is sent.
fn pieces(source: EventSource) -> impl Stream<Item = Result<Bytes, io::Error>> {
    let first = (
        Bytes::from_static(RECONNECT_DELAY_FIELD.as_bytes()),
        RESPONSE_MEMORY.share(),
    );
    stream::unfold(
        (source, first),
        |(mut source, (mut rest, mut share))| async move {
            if rest.is_empty() {
                (rest, share) = (source.next().await?, RESPONSE_MEMORY.share());
                if rest.len() > LARGE_RESPONSE_BYTES && !share.grow_to(rest.len()) {
                    // There is no memory left: the client reconnects later and resumes at its
                    // position.
                    return None;
                }
            }
            let piece = rest.split_to(LARGE_RESPONSE_BYTES.min(rest.len()));
            Some((Ok(piece), (source, (rest, share))))
        },
    )
}

impl EventSource {
    /// Returns the next messages; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        let piece = match self {
            EventSource::Job(watch) => {
                match tokio::time::timeout(KEEP_ALIVE_PERIOD, watch.next()).await {
                    Err(_) => return Some(Bytes::from_static(b": heartbeat\n\n")),
                    Ok(news) => news.map(|news| news.map(of_job)),
                }
            }
            EventSource::All(watch, now) => {
                match tokio::time::timeout(KEEP_ALIVE_PERIOD, watch.next()).await {
                    // With the position a client whose filter matched nothing for long resumes
                    // here, not far back.
                    Err(_) => {
                        let place = watch
                            .place()
                            .map(|place| format!("id: {place}\n"))
                            .unwrap_or_default();
                        return Some(Bytes::from(format!(": heartbeat\n{place}\n")));
                    }
                    Ok(news) => news.map(|news| news.map(|news| of_all(news, now))),
                }
            }
        };
        match piece {
            Ok(piece) => piece,
            Err(error) => {
                // The client reconnects and resumes at its position.
                tracing::debug!(%error, "a stream ends early");
                None
            }
        }
    }
}

fn of_job(news: JobMessage) -> Bytes {
    match news {
        JobMessage::Snapshot(whole) => {
            let (job, shots, next_after, forecast) = *whole;
            let version = job.version;
            let job = JobWithShots::new(
                job,
                shots.into_iter().map(Shot::from).collect(),
                next_after,
                forecast,
            );
            message(Some(&version), "snapshot", &job.to_json_string())
        }
        JobMessage::Changes(wanted) => {
            let make = |change: &FeedChange| change_message(&change.event.seq, change);
            joined(&wanted, |change| change.in_its_job(make))
        }
        JobMessage::Reset(reset) => reset_message(reset),
    }
}

fn of_all(news: JobsMessage, now: &impl Fn() -> DateTime<Utc>) -> Bytes {
    let make = |change: &FeedChange| change_message(&change.place, change);
    match news {
        JobsMessage::Snapshot { at, counts } => snapshot_message(at, counts, now()),
        JobsMessage::Changes(FilteredBatch { batch, only: None }) => batch
            .all_messages(|batch| concat(batch.changes.iter().map(|change| change.in_all(make)))),
        JobsMessage::Changes(wanted) => joined(&wanted, |change| change.in_all(make)),
        JobsMessage::Reset(reset) => reset_message(reset),
    }
}

fn snapshot_message(at: i64, counts: Counts, now: DateTime<Utc>) -> Bytes {
    let snapshot = StreamSnapshot {
        position: at.to_string(),
        counts: JobCounts::from(counts),
        as_of: now.into(),
    };
    message(Some(&at), "snapshot", &snapshot.to_json_string())
}

fn change_message(id: &impl Display, change: &FeedChange) -> Bytes {
    message(
        Some(id),
        "change",
        &Event::from((*change.event).clone()).to_json_string(),
    )
}

fn reset_message(reset: Reset) -> Bytes {
    message(
        None::<&i64>,
        "reset",
        &json!({"reason": reset.reason()}).to_string(),
    )
}

fn joined(wanted: &FilteredBatch, message: impl Fn(&FeedChange) -> Bytes) -> Bytes {
    concat(wanted.changes().map(message))
}

fn concat(mut messages: impl Iterator<Item = Bytes>) -> Bytes {
    let Some(first) = messages.next() else {
        return Bytes::new();
    };
    let Some(second) = messages.next() else {
        return first;
    };
    let mut all = BytesMut::from(&first[..]);
    all.extend_from_slice(&second);
    messages.for_each(|message| all.put(message));
    all.freeze()
}

/// Formats a message. The data is one line because JSON escapes all line breaks.
fn message(id: Option<&impl Display>, name: &str, data: &str) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    Bytes::from(format!("{id}event: {name}\ndata: {data}\n\n"))
}
