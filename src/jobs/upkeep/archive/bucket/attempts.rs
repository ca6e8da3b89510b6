//! The attempts of a call.

use super::{ArchiveBucket, call::Call, refusal::Refusal};
use crate::{
    clock::{Clock, SystemClock},
    outbound::FetchError,
};
use bytes::Bytes;
use hyper::Response;
use jiff::Timestamp;
use std::io;
use tokio::time::sleep;

/// Maximum bytes of a list, which has at most 1,000 keys.
const MAX_LIST_BYTES: usize = 4 << 20;

/// Maximum bytes of an error, which comes in place of an object.
const MAX_ERROR_BYTES: usize = 64 << 10;

impl ArchiveBucket {
    /// Makes a call that transfers this many bytes, and again what may pass. Returns the answer,
    /// and the number of attempts.
    pub(super) async fn call(
        &self,
        call: &Call,
        bytes: u64,
    ) -> io::Result<(Result<Response<Bytes>, Refusal>, u32)> {
        let patience = self.settings.patience;
        let (mut attempt, mut wait) = (1, patience.wait);
        loop {
            let is_last = attempt >= patience.attempts;
            match self.attempt(call, bytes).await {
                Ok(response) if response.status().is_success() => {
                    return Ok((Ok(response), attempt));
                }
                Ok(response) => {
                    let refusal = Refusal::of(&response);
                    if is_last || !refusal.may_pass() {
                        return Ok((Err(refusal), attempt));
                    }
                }
                Err(FetchError::Broken(_) | FetchError::TooSlow(_)) if !is_last => {}
                Err(error) => return Err(io::Error::other(format!("{self}: {error}"))),
            }
            sleep(wait).await;
            (attempt, wait) = (attempt + 1, wait * 4);
        }
    }

    async fn attempt(&self, call: &Call, bytes: u64) -> Result<Response<Bytes>, FetchError> {
        let now = Timestamp::from_second(SystemClock.now().timestamp());
        let request = now
            .map_err(|error| error.to_string())
            .and_then(|now| call.request(&self.bucket, &self.keys, now))
            .map_err(FetchError::Refused)?;
        let most = match call {
            Call::List { .. } => MAX_LIST_BYTES,
            _ => usize::try_from(bytes)
                .unwrap_or(usize::MAX)
                .max(MAX_ERROR_BYTES),
        };
        let within = self.settings.patience.attempt_of(bytes);
        self.http.fetch(request, most, within).await
    }
}
