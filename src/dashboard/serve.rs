//! Responses with the dashboard's page and files: compressed if the client accepts it, with the
//! page's policies.

use super::{
    Prefix,
    bundle::{File, bundle, page_at},
};
use poem::{
    Request, Response, Result, RouteMethod,
    endpoint::make_sync,
    error::NotFoundError,
    get,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};

/// Allows scripts, styles and pictures of this server only, and no script that turns text into
/// markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// Headers that isolate the page from other sites.
const HEADERS: [(&str, &str); 4] = [
    ("content-security-policy", POLICY),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// Serves the page at any path. Browsers revalidate it each time, so that it refers to the files of
/// the current version.
pub fn page() -> RouteMethod {
    get(make_sync(|request: Request| {
        let mut response = match request.data::<Prefix>() {
            Some(Prefix(prefix)) => send(&request, &page_at(prefix), "no-cache"),
            None => send(&request, &bundle().page, "no-cache"),
        };
        for (name, value) in HEADERS {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    }))
}

/// Serves a file of this version. Other versions are not found, because the path contains the hash
/// of all files.
pub fn asset() -> RouteMethod {
    get(make_sync(|request: Request| -> Result<Response> {
        let (hash, name) = request.path_params::<(String, String)>()?;
        let file = bundle()
            .files
            .get(name.as_str())
            .filter(|_| hash == bundle().hash);
        Ok(send(
            &request,
            file.ok_or(NotFoundError)?,
            "public, max-age=31536000, immutable",
        ))
    }))
}

/// Sends a file: compressed if the client accepts it, or only a 304 if it has this version.
pub fn send(request: &Request, file: &File, keep: &'static str) -> Response {
    let has = |name: header::HeaderName, what: &str| {
        let values = request
            .headers()
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|one| one.trim().trim_start_matches("W/") == what)
    };
    let packed = !file.gzip.is_empty() && has(header::ACCEPT_ENCODING, "gzip");
    let response = Response::builder()
        .header(header::CACHE_CONTROL, keep)
        .header(header::ETAG, &file.etag)
        .header(header::VARY, "Accept-Encoding");
    if has(header::IF_NONE_MATCH, &file.etag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    let response = response.content_type(file.content_type);
    if packed {
        return response
            .header(header::CONTENT_ENCODING, "gzip")
            .body(file.gzip.clone());
    }
    response.body(file.plain.clone())
}
