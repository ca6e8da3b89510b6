//! Calls that go on for long: they end when their key is revoked or expires.

use super::credentials::unauthenticated;
use crate::{
    api::permissions::Guarded,
    jobs::{JobManager, Principal},
};
use futures_util::StreamExt;
use poem::{Body, Request, Response, Result};
use std::{future::ready, pin::pin, sync::Arc, time::Duration};
use tokio::time::timeout;

/// Time after which the key of a call that waits is looked at again.
const CHECK_PERIOD: Duration = Duration::from_secs(15);

const ENDED: &str = "The key of this call was revoked, or has expired, while the call waited.";

/// Returns whether a call of the operation may wait or stream.
pub fn is_watched(operation: &Guarded, request: &Request) -> bool {
    match operation.id.as_str() {
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
    principal: Arc<Principal>,
) -> Result<Response> {
    let mut call = pin!(call);
    let mut response = loop {
        match timeout(CHECK_PERIOD, &mut call).await {
            Ok(answer) => break answer?,
            Err(_) if jobs.is_still(&principal) => {}
            Err(_) => return Err(unauthenticated(ENDED).into()),
        }
    };
    if response.content_type() == Some("text/event-stream") {
        let body = response.take_body().into_bytes_stream();
        let valid = body.take_while(move |_| ready(jobs.is_still(&principal)));
        response.set_body(Body::from_bytes_stream(valid));
    }
    Ok(response)
}
