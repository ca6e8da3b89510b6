//! Middleware that normalizes the path of a request and attaches the server's settings to it.
//!
//! It is one layer for all of this, because every layer whose call is an `async fn` holds a copy of
//! the request during the whole call, and a call may wait for a minute.

use poem::{
    Endpoint, Middleware, Request, Result,
    http::{Uri, uri::PathAndQuery},
};

#[derive(Clone)]
pub struct NormalizePath<D>(pub D);

impl<E: Endpoint, D: Fn(&mut Request) + Clone + Send + Sync> Middleware<E> for NormalizePath<D> {
    type Output = Prepared<E, D>;

    fn transform(&self, inner: E) -> Self::Output {
        Prepared {
            inner,
            data: self.0.clone(),
        }
    }
}

pub struct Prepared<E, D> {
    inner: E,
    data: D,
}

impl<E: Endpoint, D: Fn(&mut Request) + Send + Sync> Endpoint for Prepared<E, D> {
    type Output = E::Output;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<E::Output>> + Send {
        if let Some(uri) = plain(request.uri()) {
            *request.uri_mut() = uri;
        }
        (self.data)(&mut request);
        self.inner.call(request)
    }
}

/// Returns the URI without slashes at the end of its path, and with a single slash for repeated
/// ones; `None` if nothing changes.
fn plain(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if path == "/" || !(path.ends_with('/') || path.contains("//")) {
        return None;
    }
    let mut plain = String::with_capacity(path.len());
    for part in path.split('/').filter(|part| !part.is_empty()) {
        plain.push('/');
        plain.push_str(part);
    }
    if plain.is_empty() {
        plain.push('/');
    }
    if let Some(query) = uri.query() {
        plain.push('?');
        plain.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(plain).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_without_slashes_that_mean_nothing() {
        let plain =
            |uri: &str| plain(&uri.parse().unwrap()).map_or(uri.to_owned(), |uri| uri.to_string());
        for same in ["/", "/a", "/a/b?c=d//", "/a%2F", "http://h/a"] {
            assert_eq!(plain(same), same);
        }
        for (uri, short) in [
            ("/a/", "/a"),
            ("//", "/"),
            ("///a//b///?c=/", "/a/b?c=/"),
            ("http://h/a/", "http://h/a"),
        ] {
            assert_eq!(plain(uri), short);
        }
    }
}
