//! Requests whose response is read whole.

use super::{Outbound, Target, http::cause};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{Request, Response};
use std::time::Duration;
use tokio::time::timeout;

/// Reason for which there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The request cannot be sent, and another attempt would not change that.
    #[error("{0}")]
    Refused(String),
    /// The connection failed or broke off.
    #[error("{0}")]
    Broken(String),
    #[error("there was no whole response within {0:?}")]
    TooSlow(Duration),
    #[error("the response has more than {0} bytes")]
    TooLong(usize),
}

impl Outbound {
    /// Sends a request to an absolute URL, and reads the response whole: at most `most` bytes of
    /// its body, within the time.
    ///
    /// Errors: messages without the URL, which may hold a signature.
    pub async fn fetch(
        &self,
        request: Request<Full<Bytes>>,
        most: usize,
        within: Duration,
    ) -> Result<Response<Bytes>, FetchError> {
        let target = Target::of_any_length(&request.uri().to_string(), self.policy())
            .map_err(FetchError::Refused)?;
        let whole = async {
            let response = self.exchange(&target, request).await;
            let (head, body) = response.map_err(FetchError::Broken)?.into_parts();
            let body = Limited::new(body, most).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    return FetchError::TooLong(most);
                }
                FetchError::Broken(cause(error.as_ref()))
            })?;
            Ok::<_, FetchError>(Response::from_parts(head, body.to_bytes()))
        };
        let response = timeout(within, whole).await;
        response.unwrap_or(Err(FetchError::TooSlow(within)))
    }
}
