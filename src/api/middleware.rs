//! Middleware around every request: a request id, a log line, and `application/problem+json` for
//! every error.

use super::{
    auth::{add_rate_headers, is_safe},
    base_path::prefix,
    legacy,
    operation_routes::OperationRoutes,
    operation_table::operations,
    paging::{NextPage, next_page},
    problem::{Member, Problem, shown},
    request_id::{REQUEST_ID, RequestId, request_id},
    single_headers,
};
use crate::{
    error::FieldError,
    jobs::{JobManager, Left},
    telemetry::request::{RequestNotes, noting},
};
use futures_util::{FutureExt, future::Either};
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    error::{MethodNotAllowedError, NotFoundError},
    http::{
        Method, StatusCode, Uri, Version,
        header::{self, HeaderValue},
    },
};
use poem_openapi::{
    OperationId,
    error::{ParseParamError, ParsePathError},
};
use std::{
    future::{Future, ready},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Instant,
};
use tracing::Level;

#[derive(Clone)]
pub struct Problems {
    routes: Arc<OperationRoutes>,
    jobs: JobManager,
}

impl Problems {
    pub fn new(jobs: &JobManager) -> Self {
        let instruments = jobs.database().instruments();
        let ids = operations().map(|operation| operation.id);
        let ids = ids.chain(legacy::ids());
        instruments.requests.name_operations(ids);
        Self {
            routes: Arc::new(OperationRoutes::of_document()),
            jobs: jobs.clone(),
        }
    }
}

/// Adds the address of the next page to a list that has one.
fn add_link(response: &mut Response, uri: &Uri) {
    let Some(NextPage(cursor)) = response.data::<NextPage>() else {
        return;
    };
    let link = next_page(uri, cursor);
    if let Ok(link) = HeaderValue::try_from(link) {
        response.headers_mut().insert(header::LINK, link);
    }
}

/// Returns a sentence that says which values a parameter takes.
fn expected(name: &str) -> &'static str {
    match name {
        "limit" => "Use a limit from 1 to 200.",
        "cursor" => "Send the next_cursor of the previous page.",
        "wait" => "Use a number of seconds from 0 to 60.",
        "offset" | "after" | "since_version" | "shot_idx" => "Use a whole number, e.g. 0.",
        "status" => "Use one of queued, processing, completed, failed, cancelled.",
        "order" => "Use -created_at for newest first, or created_at for oldest first.",
        "view" => "Use full, summary or preview.",
        "bucket" => "Use minute, quarter_hour or hour.",
        "outcome" => "Use one of changed, skipped, failed.",
        "client_id" => "Send a client_id of 1 to 200 visible characters.",
        "created_after" | "created_before" | "since" | "ended_after" | "ended_before" => {
            "Use a time such as 2026-01-31T12:00:00Z."
        }
        _ => "Invalid value: see this parameter in /openapi.json.",
    }
}

impl<E: Endpoint> Middleware<E> for Problems {
    type Output = ProblemsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        ProblemsEndpoint {
            inner,
            problems: self.clone(),
        }
    }
}

pub struct ProblemsEndpoint<E> {
    inner: E,
    problems: Problems,
}

impl<E: Endpoint> Endpoint for ProblemsEndpoint<E> {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let id = request_id(request.headers());
        if !is_safe(request.method()) {
            request.set_data(RequestId(id.clone()));
        }
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let (prefix, began) = (prefix(&request), Instant::now());
        let is_http1 = request.version() < Version::HTTP_2;
        let checked = single_headers::check(request.headers())
            .and_then(|()| self.problems.routes.check_query(&method, &uri));
        let notes = tracing::enabled!(Level::DEBUG).then(RequestNotes::default);
        let answer = match checked {
            Ok(()) => {
                let call = noting(notes.clone(), self.inner.call(request));
                Either::Left(catch_panic(call))
            }
            Err(problem) => Either::Right(ready(Err(problem.into()))),
        };
        answer.map(move |answer| {
            let path = uri.path();
            let (mut response, operation, left) = match answer {
                Ok(response) => {
                    let response = response.into_response();
                    let operation = response.data::<OperationId>().copied();
                    let left = response.data::<Left>().copied();
                    (response, operation, left)
                }
                Err(error) => {
                    let operation = error.data::<OperationId>().copied();
                    let left = error.data::<Left>().copied();
                    let response = match self.problem(&error, &method, path) {
                        Some(problem) => problem.respond_with(&id, &prefix, error.data::<Member>()),
                        None => error.into_response(),
                    };
                    (response, operation, left)
                }
            };
            if let Some(left) = left {
                add_rate_headers(left, response.headers_mut());
            }
            let operation = operation.map(|operation| operation.0);
            if let Ok(value) = HeaderValue::from_str(&id) {
                response.headers_mut().insert(REQUEST_ID, value);
            }
            add_link(&mut response, &uri);
            legacy::mark(operation, response.headers_mut());
            if is_http1 && self.problems.jobs.is_draining() {
                // A client that kept the connection could send its next request while the server
                // stops.
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            let (status, took) = (response.status().as_u16(), began.elapsed());
            let instruments = self.problems.jobs.database().instruments();
            instruments.requests.observe(operation, status, took);
            if let Some(notes) = notes {
                let noted = notes.read();
                let of_path = || self.problems.routes.job_id(path);
                tracing::debug!(
                    request_id = %id,
                    operation,
                    job_id = noted.job_id.as_deref().or_else(of_path),
                    worker_id = noted.worker_id.as_deref(),
                    status,
                    ms = took.as_secs_f64() * 1000.0,
                    %method,
                    %path,
                    "answered"
                );
            }
            Ok(response)
        })
    }
}

impl<E> ProblemsEndpoint<E> {
    /// Converts an error to a problem; `None` for a response that is not an error, e.g. a redirect.
    fn problem(&self, error: &poem::Error, method: &Method, path: &str) -> Option<Problem> {
        if let Some(problem) = error.downcast_ref::<Problem>() {
            return Some(problem.clone());
        }
        let parameter = error.downcast_ref::<ParseParamError>().map(|e| e.name);
        if let Some(name) = parameter.or(error.downcast_ref::<ParsePathError>().map(|e| e.name)) {
            let name = self.problems.routes.name_of(name, path);
            let field = FieldError::parameter(name.as_str(), "invalid_parameter", expected(&name));
            return Some(Problem::invalid(vec![field]));
        }
        if error.is::<poem::error::ParsePathError>() {
            let field = FieldError::parameter(
                "path",
                "invalid_parameter",
                "Use percent-encoded UTF-8 in the path.",
            );
            return Some(Problem::invalid(vec![field]));
        }
        if error.is::<NotFoundError>() {
            return Some(Problem::new(
                "route_not_found",
                format!(
                    "There is nothing at {}: see /docs for what there is.",
                    shown(path)
                ),
            ));
        }
        if error.is::<MethodNotAllowedError>() {
            let allow = self
                .problems
                .routes
                .methods(path)
                .unwrap_or("GET, HEAD")
                .to_owned();
            let detail = format!(
                "{} does not take {}, but {allow}.",
                shown(path),
                shown(method.as_str())
            );
            return Some(Problem {
                header: Some((header::ALLOW, allow)),
                ..Problem::new("method_not_allowed", detail)
            });
        }
        match error.status() {
            StatusCode::NOT_FOUND => Some(Problem::new(
                "route_not_found",
                format!("There is nothing at {}.", shown(path)),
            )),
            status if status.is_client_error() => Some(Problem::invalid(vec![FieldError::at(
                "",
                "invalid",
                format!("{error}."),
            )])),
            status if status.is_server_error() => Some(Problem::internal(&error.to_string())),
            _ => None,
        }
    }
}

/// Converts a panic to a problem, so that a bug in one request does not close the connection
/// without a response. Not an `async fn`, which would hold the call's future twice.
fn catch_panic<T>(call: impl Future<Output = Result<T>>) -> impl Future<Output = Result<T>> {
    let caught = AssertUnwindSafe(call).catch_unwind();
    caught.map(|done| done.unwrap_or_else(|_| Err(Problem::internal("a request panicked").into())))
}
