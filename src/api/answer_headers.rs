//! Response headers for browsers: which sites may embed a response, and whether it may be cached.

use poem::http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, X_CONTENT_TYPE_OPTIONS},
};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Policy of which sites may embed which responses.
#[derive(Clone, Copy)]
pub struct EmbeddingPolicy {
    /// Whether other origins are configured: their pages show the videos and pictures under
    /// `/media`.
    pub by_other_sites: bool,
}

impl EmbeddingPolicy {
    /// Adds the headers that a response lacks; a handler's own values stay.
    pub fn complete(self, method: &Method, path: &str, headers: &mut HeaderMap) {
        let may_embed = match path.starts_with("/media/") {
            false => "same-origin",
            true if self.by_other_sites => "cross-origin",
            // A page on another port of this host counts as the same site.
            true => "same-site",
        };
        // A response with an ETag may be cached if the browser revalidates it on each use.
        let is_compared =
            matches!(*method, Method::GET | Method::HEAD) && headers.contains_key(ETAG);
        let keep = if is_compared { "no-cache" } else { "no-store" };
        set(headers, RESOURCE_POLICY, may_embed);
        set(headers, CACHE_CONTROL, keep);
        set(
            headers,
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        );
        set(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers
        .entry(name)
        .or_insert(HeaderValue::from_static(value));
}
