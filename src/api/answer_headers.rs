//! What every answer says of itself to browsers: who may embed it, and whether it may be kept.

use poem::http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, X_CONTENT_TYPE_OPTIONS},
};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Which pages may embed what.
#[derive(Clone, Copy)]
pub struct Embedding {
    /// Pages of other origins are configured: they show the films and pictures under /media.
    pub by_other_sites: bool,
}

impl Embedding {
    /// The headers that an answer lacks. What a handler has set stays.
    pub fn complete(self, method: &Method, path: &str, headers: &mut HeaderMap) {
        let may_embed = match path.starts_with("/media/") {
            false => "same-origin",
            true if self.by_other_sites => "cross-origin",
            // A page of another port of this host is of the same site.
            true => "same-site",
        };
        // What has an ETag is asked for again each time, and may be kept to be told unchanged.
        let is_compared = matches!(*method, Method::GET | Method::HEAD) && headers.contains_key(ETAG);
        let keep = if is_compared { "no-cache" } else { "no-store" };
        set(headers, RESOURCE_POLICY, may_embed);
        set(headers, CACHE_CONTROL, keep);
        set(headers, CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
        set(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
