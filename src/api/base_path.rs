//! Path prefix under which a proxy publishes the server, e.g. `/callsheet`: it is removed from the
//! path of a request if the proxy left it there, and put before the addresses in the response.

use crate::{dashboard::Prefix, network::Network, path_prefix::is_path_prefix};
use futures_util::{TryFutureExt, future::Either};
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{
        HeaderMap, HeaderName, HeaderValue, Uri,
        header::{LINK, LOCATION, VARY},
        uri::PathAndQuery,
    },
};
use std::sync::Arc;

const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// Returns the prefix of the addresses in the response to this request; empty without one.
pub fn prefix(request: &Request) -> Arc<str> {
    request
        .data::<Prefix>()
        .map_or_else(Arc::default, |prefix| prefix.0.clone())
}

#[derive(Clone)]
pub struct BasePath {
    configured: Option<Arc<str>>,
    /// Proxies whose `X-Forwarded-Prefix` counts.
    trusted: Arc<[Network]>,
}

impl BasePath {
    /// Creates the layer; an empty path means that the server is at the root.
    pub fn new(base_path: &str, trusted: &[Network]) -> Self {
        Self {
            configured: Some(base_path).filter(|p| !p.is_empty()).map(Into::into),
            trusted: trusted.into(),
        }
    }

    fn of(&self, request: &Request) -> Option<Arc<str>> {
        self.forwarded(request).or_else(|| self.configured.clone())
    }

    fn forwarded(&self, request: &Request) -> Option<Arc<str>> {
        let mut values = request.headers().get_all(FORWARDED_PREFIX).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let sender = request.remote_addr().as_socket_addr()?.ip().to_canonical();
        let given = value.to_str().ok()?.trim_end_matches('/');
        let trusted = self.trusted.iter().any(|network| network.contains(sender));
        (trusted && is_path_prefix(given)).then(|| given.into())
    }
}

impl<E: Endpoint> Middleware<E> for BasePath {
    type Output = BasePathEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        BasePathEndpoint {
            inner,
            base: self.clone(),
        }
    }
}

pub struct BasePathEndpoint<E> {
    inner: E,
    base: BasePath,
}

impl<E: Endpoint> Endpoint for BasePathEndpoint<E> {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let Some(prefix) = self.base.of(&request) else {
            return Either::Left(self.inner.call(request).map_ok(IntoResponse::into_response));
        };
        if let Some(uri) = without_prefix(request.uri(), &prefix) {
            *request.uri_mut() = uri;
        }
        request.set_data(Prefix(prefix.clone()));
        let answer = self.inner.call(request);
        Either::Right(answer.map_ok(move |answer| {
            let mut response = answer.into_response();
            add_prefix(response.headers_mut(), &prefix);
            response
        }))
    }
}

/// Returns the URI without the prefix; `None` if its path does not begin with it.
fn without_prefix(uri: &Uri, prefix: &str) -> Option<Uri> {
    let rest = uri.path().strip_prefix(prefix)?;
    if !(rest.is_empty() || rest.starts_with('/')) {
        return None;
    }
    let mut path = if rest.is_empty() { "/" } else { rest }.to_owned();
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

/// Puts the prefix before the paths that the response names.
fn add_prefix(headers: &mut HeaderMap, prefix: &str) {
    let put = |value: &HeaderValue, before: &str| {
        let value = value.to_str().ok()?;
        let path = value.strip_prefix(before).filter(|p| p.starts_with('/'))?;
        HeaderValue::try_from(format!("{before}{prefix}{path}")).ok()
    };
    for (name, before) in [(LOCATION, ""), (LINK, "<")] {
        if let Some(value) = headers.get(&name).and_then(|value| put(value, before)) {
            headers.insert(name, value);
        }
    }
    headers.append(VARY, HeaderValue::from(FORWARDED_PREFIX));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_name_is_taken_from_the_path() {
        let without =
            |uri: &str| without_prefix(&uri.parse().unwrap(), "/base").map(|uri| uri.to_string());
        for (uri, rest) in [
            ("/base", Some("/")),
            ("/base/", Some("/")),
            ("/base/jobs?q=a", Some("/jobs?q=a")),
            ("/base?x", Some("/?x")),
            ("/basement", None),
            ("/jobs", None),
        ] {
            assert_eq!(without(uri).as_deref(), rest, "{uri}");
        }
    }
}
