//! Calls that go on for long: they end when their key is revoked or expires.

use super::{
    credentials::{Caller, unauthenticated},
    guarded::Guarded,
};
use crate::{
    error::Error,
    jobs::{JobManager, KeyLimits, Place},
};
use futures_util::StreamExt;
use poem::{Body, Request, Response, Result};
use std::{future::ready, pin::pin, time::Duration};
use tokio::time::timeout;
use url::form_urlencoded;

/// Time after which the key of a call that waits is looked at again.
const CHECK_PERIOD: Duration = Duration::from_secs(15);

const ENDED: &str = "The key or the session of this call ended while the call waited.";

/// Takes the place of a stream or of a call that waits because its query says so. A claim takes its
/// own: its body says whether it waits.
///
/// Errors: `too_many_waits`.
pub fn place(operation: &Guarded, request: &Request, limits: &KeyLimits) -> Result<Place, Error> {
    if operation.id.starts_with("stream_") {
        return limits.stream();
    }
    if &*operation.id == "claim_jobs" {
        return Ok(None);
    }
    let waits = |query: &[u8]| {
        form_urlencoded::parse(query).any(|(name, value)| name == "wait" && value != "0")
    };
    match request.uri().query() {
        Some(query) if waits(query.as_bytes()) => limits.wait(),
        _ => Ok(None),
    }
}

/// Returns whether a call of the operation may wait or stream.
pub fn is_watched(operation: &Guarded, request: &Request) -> bool {
    match &*operation.id {
        "claim_jobs" | "stream_job_events" | "stream_events" => true,
        // Other calls wait only if their query says so.
        _ => request
            .uri()
            .query()
            .is_some_and(|query| query.contains("wait")),
    }
}

/// Ends the call, and then the stream that it returns, when the caller's key is no longer valid. A
/// stream sends something every 15 seconds, and the key is looked at each time.
pub async fn watched(
    call: impl Future<Output = Result<Response>>,
    jobs: JobManager,
    caller: Caller,
    place: Place,
) -> Result<Response> {
    let mut call = pin!(call);
    let mut response = loop {
        match timeout(CHECK_PERIOD, &mut call).await {
            Ok(answer) => break answer?,
            Err(_) if caller.is_still(&jobs) => {}
            Err(_) => return Err(unauthenticated(ENDED).into()),
        }
    };
    if response.content_type() == Some("text/event-stream") {
        let body = response.take_body().into_bytes_stream();
        let valid = body.take_while(move |_| {
            let _held_while_it_streams = &place;
            ready(caller.is_still(&jobs))
        });
        response.set_body(Body::from_bytes_stream(valid));
    }
    Ok(response)
}
