//! Answers of a server whose callers have keys: no cache may give them to someone else.

use crate::{
    api::problem::Problem,
    jobs::{Access, JobManager},
};
use futures_util::{TryFutureExt, future::Either};
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::header::{CACHE_CONTROL, HeaderValue, VARY},
};
use serde_json::{Value, json};
use std::future::Future;

const CALLER_HEADERS: HeaderValue = HeaderValue::from_static("Authorization, Cookie, Origin");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Middleware that keeps answers out of shared caches once there are keys.
#[derive(Clone)]
pub struct PrivateAnswers(pub JobManager);

impl<E: Endpoint> Middleware<E> for PrivateAnswers {
    type Output = PrivateEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        PrivateEndpoint {
            inner,
            jobs: self.0.clone(),
        }
    }
}

pub struct PrivateEndpoint<E> {
    inner: E,
    jobs: JobManager,
}

impl<E: Endpoint> Endpoint for PrivateEndpoint<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let answer = self.inner.call(request).map_ok(IntoResponse::into_response);
        if self.jobs.access() == Access::Open {
            return Either::Left(answer);
        }
        Either::Right(answer.map_ok(private))
    }
}

fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    // The dashboard's own files are the same for everyone.
    let is_public = |value: &HeaderValue| value.as_bytes().starts_with(b"public");
    if headers.get(CACHE_CONTROL).is_some_and(is_public) {
        return response;
    }
    headers.append(VARY, CALLER_HEADERS);
    headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    response
}

/// Reduces an answer about the server's health to its status, for callers without a key.
pub async fn status_alone(answer: Result<Response>) -> Result<Response> {
    match answer {
        Ok(response) if response.status().is_success() => {
            let report: Value = response.into_body().into_json().await?;
            let body = json!({"status": report["status"]}).to_string();
            Ok(Response::builder()
                .content_type("application/json; charset=utf-8")
                .body(body))
        }
        Ok(response) => Ok(response),
        Err(error) => match error.downcast_ref::<Problem>() {
            Some(problem) => Err(Problem::new(
                problem.code,
                "The server is not ready. Call with a key to learn why.",
            )
            .into()),
            None => Err(error),
        },
    }
}
