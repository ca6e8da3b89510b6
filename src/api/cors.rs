//! Cross-origin requests (the Fetch standard): pages of the configured origins may call the API.
//!
//! A request of another origin gets its response too, but without the CORS headers, and then the
//! browser withholds it from the page. Pages of this server's own origin send an `Origin` header as
//! well.

use super::origin::is_allowed;
use futures_util::{TryFutureExt, future::Either};
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderValue, Method, StatusCode, header},
};
use std::{
    future::{Future, ready},
    sync::Arc,
};

const EXPOSED_HEADERS: &str =
    "allow, callsheet-source, etag, lease-token, link, location, retry-after, x-request-id";
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// Seconds that a browser may cache a preflight response.
const MAX_AGE: &str = "600";

#[derive(Clone)]
pub struct Cors {
    /// Allowed origins; `*` allows any.
    origins: Arc<[String]>,
}

impl Cors {
    pub fn new(origins: &[String]) -> Self {
        Self {
            origins: origins.into(),
        }
    }

    fn allowed(&self, request: &Request) -> Option<HeaderValue> {
        let mut origins = request.headers().get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            return None;
        };
        // With `*` instead of the origin, browsers withhold responses to requests with credentials.
        if self.origins.iter().any(|known| known == "*") {
            return Some(HeaderValue::from_static("*"));
        }
        is_allowed(origin.as_bytes(), &self.origins).then(|| origin.clone())
    }
}

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = CorsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        CorsEndpoint {
            inner,
            cors: self.clone(),
        }
    }
}

pub struct CorsEndpoint<E> {
    inner: E,
    cors: Cors,
}

impl<E: Endpoint> Endpoint for CorsEndpoint<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        if self.cors.origins.is_empty() {
            return Either::Left(self.inner.call(request).map_ok(IntoResponse::into_response));
        }
        let allowed = self.cors.allowed(&request);
        let asks = request.method() == Method::OPTIONS
            && request
                .headers()
                .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let answer = if allowed.is_some() && asks {
            let wanted = request
                .headers()
                .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
                .cloned();
            Either::Left(ready(Ok(preflight(wanted))))
        } else {
            Either::Right(self.inner.call(request).map_ok(IntoResponse::into_response))
        };
        Either::Right(answer.map_ok(|response| marked(response, allowed)))
    }
}

/// Adds the CORS headers to a response.
fn marked(mut response: Response, allowed: Option<HeaderValue>) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED_HEADERS),
        );
    }
    response
}

/// Builds the response to a preflight request.
fn preflight(wanted: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(METHODS),
    );
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static(MAX_AGE),
    );
    if let Some(wanted) = wanted {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted);
    }
    response
}
