//! Detection of requests that a page of another site sends.
//!
//! A browser sends simple requests, for example forms, to any address, and only hides the response
//! from the page. Each browser sends the origin of an unsafe request; programs that are not
//! browsers do not.

use crate::authority::Authority;
use poem::http::HeaderMap;

/// Origin of a request according to its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A page of this server, or no page at all.
    Own,
    /// A page of an origin that is allowed to call the API.
    Allowed,
    Foreign,
    /// A request with more than one `Origin` header.
    Unclear,
}

/// Returns the origin of a request; `own` is the authority by which it calls this server, `port`
/// the port of the server's socket.
pub fn source(
    headers: &HeaderMap,
    own: &Authority<'_>,
    port: Option<u16>,
    allowed: &[String],
) -> Source {
    let mut origins = headers.get_all("origin").iter();
    let origin = origins.next();
    if origins.next().is_some() {
        return Source::Unclear;
    }
    if origin.is_some_and(|origin| is_allowed(origin.as_bytes(), allowed)) {
        return Source::Allowed;
    }
    let mut sites = headers.get_all("sec-fetch-site").iter();
    if sites.any(|site| !matches!(site.as_bytes().trim_ascii(), b"same-origin" | b"none")) {
        return Source::Foreign;
    }
    match origin.map(|origin| {
        origin
            .to_str()
            .is_ok_and(|origin| is_own(origin, own, port))
    }) {
        None | Some(true) => Source::Own,
        Some(false) => Source::Foreign,
    }
}

/// Returns whether pages of the origin may call the API.
pub fn is_allowed(origin: &[u8], allowed: &[String]) -> bool {
    allowed
        .iter()
        .any(|one| one == "*" || one.as_bytes() == origin)
}

/// Returns whether an origin is this server itself. An `https` origin can be: the client then
/// called a proxy that terminates TLS, on another port than the server's own, which speaks plain
/// HTTP only.
fn is_own(origin: &str, own: &Authority<'_>, port: Option<u16>) -> bool {
    let (default, rest) = match origin.split_once("://") {
        Some(("http", rest)) => (80, rest),
        Some(("https", rest)) if own.port.is_none() || own.port != port => (443, rest),
        _ => return false,
    };
    let Some(origin) = Authority::parse(rest) else {
        return false;
    };
    origin.host.eq_ignore_ascii_case(own.host)
        && origin.port.unwrap_or(default) == own.port.unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::http::HeaderName;

    fn source_of(headers: &[(&str, &str)], host: &str, allowed: &[&str]) -> Source {
        let pairs = headers
            .iter()
            .map(|(n, v)| (n.parse::<HeaderName>().unwrap(), v.parse().unwrap()));
        let mut map = HeaderMap::new();
        pairs.for_each(|(name, value)| assert!(!map.append(name, value) || headers.len() > 1));
        let allowed: Vec<String> = allowed.iter().map(|&origin| origin.to_owned()).collect();
        source(&map, &Authority::parse(host).unwrap(), Some(3001), &allowed)
    }

    #[test]
    fn pages_of_this_server_and_programs_are_its_own() {
        for (headers, host) in [
            (&[][..], "127.0.0.1:3001"),
            (&[("origin", "http://127.0.0.1:3001")], "127.0.0.1:3001"),
            (
                &[
                    ("origin", "http://localhost:3001"),
                    ("sec-fetch-site", "same-origin"),
                ],
                "LOCALHOST:3001",
            ),
            (&[("sec-fetch-site", "none")], "127.0.0.1:3001"),
            (&[("origin", "http://[::1]:3001")], "[::1]:3001"),
            (&[("origin", "http://jobs")], "jobs:80"),
            (&[("origin", "https://jobs.example")], "jobs.example"),
            (
                &[("origin", "https://jobs.example:8443")],
                "jobs.example:8443",
            ),
        ] {
            assert_eq!(
                source_of(headers, host, &[]),
                Source::Own,
                "{headers:?} {host}"
            );
        }
    }

    #[test]
    fn whatever_else_a_browser_names_is_foreign() {
        for (headers, host) in [
            (&[("origin", "https://evil.example")][..], "127.0.0.1:3001"),
            (&[("origin", "null")], "127.0.0.1:3001"),
            (&[("origin", "")], "127.0.0.1:3001"),
            (&[("origin", "http://127.0.0.1:3002")], "127.0.0.1:3001"),
            (&[("origin", "http://127.0.0.1")], "127.0.0.1:3001"),
            (&[("origin", "http://localhost:3001")], "127.0.0.1:3001"),
            (&[("origin", "https://127.0.0.1:3001")], "127.0.0.1:3001"),
            (&[("origin", "ftp://127.0.0.1:3001")], "127.0.0.1:3001"),
            (
                &[("origin", "http://127.0.0.1:3001.evil.example")],
                "127.0.0.1:3001",
            ),
            (
                &[("origin", "http://127.0.0.1:3001@evil.example")],
                "127.0.0.1:3001",
            ),
            (&[("origin", "chrome-extension://abcdef")], "127.0.0.1:3001"),
            (&[("origin", "file://")], "127.0.0.1:3001"),
            (&[("sec-fetch-site", "cross-site")], "127.0.0.1:3001"),
            (&[("sec-fetch-site", "same-site")], "127.0.0.1:3001"),
            (
                &[
                    ("sec-fetch-site", "same-origin"),
                    ("sec-fetch-site", "cross-site"),
                ],
                "127.0.0.1:3001",
            ),
            (
                &[
                    ("origin", "http://127.0.0.1:3001"),
                    ("sec-fetch-site", "cross-site"),
                ],
                "127.0.0.1:3001",
            ),
        ] {
            assert_eq!(
                source_of(headers, host, &["http://localhost:5173"]),
                Source::Foreign,
                "{headers:?} {host}"
            );
        }
    }

    #[test]
    fn pages_of_an_allowed_origin_may_call_from_another_site() {
        let headers = [
            ("origin", "http://localhost:5173"),
            ("sec-fetch-site", "same-site"),
        ];
        assert_eq!(
            source_of(&headers, "127.0.0.1:3001", &["http://localhost:5173"]),
            Source::Allowed
        );
        assert_eq!(
            source_of(&headers, "127.0.0.1:3001", &["*"]),
            Source::Allowed
        );
        let twice = [
            ("origin", "http://localhost:5173"),
            ("origin", "http://evil.example"),
        ];
        assert_eq!(source_of(&twice, "127.0.0.1:3001", &["*"]), Source::Unclear);
    }
}
