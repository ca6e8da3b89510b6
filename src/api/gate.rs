//! Checks before anything else of a request is read: it must call this server by one of its names
//! or addresses, and a request that may change something must not come from a page of another site.

use super::{
    answer_headers::EmbeddingPolicy,
    base_path::prefix,
    origin::{self, Source},
    problem::Problem,
    request_id::request_id,
};
use crate::{authority::Authority, error::FieldError, host::Hosts};
use futures_util::{TryFutureExt, future::Either};
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderMap, Method, Version, header},
};
use std::{
    future::{Future, ready},
    net::IpAddr,
    sync::Arc,
};

/// Maximum characters of a header that an error message shows.
const MAX_SHOWN_CHARS: usize = 100;

#[derive(Clone)]
pub struct RequestGuard {
    hosts: Arc<Hosts>,
    origins: Arc<[String]>,
    embedding: EmbeddingPolicy,
}

impl RequestGuard {
    /// Creates the gate; `listen` is the server's address, and pages of `origins` may call the API.
    pub fn new(listen: IpAddr, allowed_hosts: &[String], origins: &[String]) -> Self {
        let embedding = EmbeddingPolicy {
            by_other_sites: !origins.is_empty(),
        };
        Self {
            hosts: Arc::new(Hosts::new(listen, allowed_hosts)),
            origins: origins.into(),
            embedding,
        }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let own = authority(request)?;
        if !self.hosts.answer_to(&own) {
            return Err(host_refused(own.host));
        }
        if matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        ) {
            return Ok(());
        }
        let port = request
            .local_addr()
            .as_socket_addr()
            .map(|address| address.port());
        match origin::source(request.headers(), &own, port, &self.origins) {
            Source::Own | Source::Allowed => Ok(()),
            Source::Foreign => Err(origin_refused(request.headers())),
            Source::Unclear => Err(wrong("Origin", "Send one Origin header, or none.")),
        }
    }
}

/// Returns the authority by which the request calls the server: that of its target if it has one
/// (RFC 9112, 3.2.2), otherwise `Host`.
pub(super) fn authority(request: &Request) -> Result<Authority<'_>, Problem> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(wrong("Host", "Send one Host header."));
    }
    let target = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    // HTTP/2 requests have an authority instead of the header.
    if host.is_none() && (target.is_none() || request.version() < Version::HTTP_2) {
        return Err(wrong(
            "Host",
            "Send a Host header, with the address or the name of this server.",
        ));
    }
    let named = target.or_else(|| host.and_then(|host| host.to_str().ok()));
    named.and_then(Authority::parse).ok_or_else(|| {
        wrong(
            "Host",
            "Invalid Host header: send a name or an address, with a port if needed, e.g. \
            localhost:3001.",
        )
    })
}

fn wrong(name: &str, detail: &str) -> Problem {
    Problem::invalid(vec![FieldError::parameter(name, "invalid_header", detail)])
}

fn host_refused(host: &str) -> Problem {
    let host: String = host.chars().take(MAX_SHOWN_CHARS).collect();
    let detail = format!(
        "This server does not answer to the name {host}: call it by its address, or start it with \
        --allowed-host {host}."
    );
    Problem::new("host_refused", detail)
}

fn origin_refused(headers: &HeaderMap) -> Problem {
    let origin = headers
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok())
        .unwrap_or("another site");
    let origin: String = origin.chars().take(MAX_SHOWN_CHARS).collect();
    let detail = format!(
        "Pages of {origin} may not make changes: if the page is yours, start the server with --cors-origin \
         and its origin."
    );
    Problem::new("origin_refused", detail)
}

impl<E: Endpoint> Middleware<E> for RequestGuard {
    type Output = GateEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        GateEndpoint {
            inner,
            gate: self.clone(),
        }
    }
}

pub struct GateEndpoint<E> {
    inner: E,
    gate: RequestGuard,
}

impl<E: Endpoint> Endpoint for GateEndpoint<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = match self.gate.check(&request) {
            Ok(()) => Either::Left(self.inner.call(request).map_ok(IntoResponse::into_response)),
            Err(problem) => Either::Right(ready(Ok(refused(&request, &problem)))),
        };
        answer.map_ok(move |mut response| {
            self.gate
                .embedding
                .complete(&method, &path, response.headers_mut());
            response
        })
    }
}

fn refused(request: &Request, problem: &Problem) -> Response {
    let id = request_id(request.headers());
    tracing::debug!(request_id = %id, method = %request.method(), code = problem.code, "refused");
    let mut response = problem.respond(&id, &prefix(request));
    if let Ok(value) = id.parse() {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}
