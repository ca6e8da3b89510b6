//! Whether a page of another site sent a request.
//!
//! A browser sends simple requests, forms among them, to any address and with any method of a form, and keeps only the
//! answer from the page. Each browser says where an unsafe request comes from; programs that are no browsers do not.

use super::host::Authority;
use poem::http::HeaderMap;

/// What the headers say of the page that sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Of this server, or no page at all.
    Own,
    /// One whose origin may call the API.
    Allowed,
    Foreign,
    /// More than one `Origin`.
    Unclear,
}

/// `own` is how the request calls this server, and `port` the one on which it came.
pub fn source(headers: &HeaderMap, own: &Authority<'_>, port: Option<u16>, allowed: &[String]) -> Source {
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
    match origin.map(|origin| origin.to_str().is_ok_and(|origin| is_own(origin, own, port))) {
        None | Some(true) => Source::Own,
        Some(false) => Source::Foreign,
    }
}

/// Whether pages of the origin may call the API.
pub fn is_allowed(origin: &[u8], allowed: &[String]) -> bool {
    allowed.iter().any(|one| one == "*" || one.as_bytes() == origin)
}

/// An origin with `https` is own behind a proxy that speaks TLS: there the client called another port than the server's,
/// on which nothing but plain HTTP is spoken.
fn is_own(origin: &str, own: &Authority<'_>, port: Option<u16>) -> bool {
    let (default, rest) = match origin.split_once("://") {
        Some(("http", rest)) => (80, rest),
        Some(("https", rest)) if own.port.is_none() || own.port != port => (443, rest),
        _ => return false,
    };
    let Some(origin) = Authority::parse(rest) else { return false };
    origin.host.eq_ignore_ascii_case(own.host) && origin.port.unwrap_or(default) == own.port.unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::http::HeaderName;

    fn source_of(headers: &[(&str, &str)], host: &str, allowed: &[&str]) -> Source {
        let pairs = headers.iter().map(|(n, v)| (n.parse::<HeaderName>().unwrap(), v.parse().unwrap()));
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
            (&[("origin", "http://localhost:3001"), ("sec-fetch-site", "same-origin")], "LOCALHOST:3001"),
            (&[("sec-fetch-site", "none")], "127.0.0.1:3001"),
            (&[("origin", "http://[::1]:3001")], "[::1]:3001"),
            (&[("origin", "http://jobs")], "jobs:80"),
            (&[("origin", "https://jobs.example")], "jobs.example"),
            (&[("origin", "https://jobs.example:8443")], "jobs.example:8443"),
        ] {
            assert_eq!(source_of(headers, host, &[]), Source::Own, "{headers:?} {host}");
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
            (&[("origin", "http://127.0.0.1:3001.evil.example")], "127.0.0.1:3001"),
            (&[("origin", "http://127.0.0.1:3001@evil.example")], "127.0.0.1:3001"),
            (&[("origin", "chrome-extension://abcdef")], "127.0.0.1:3001"),
            (&[("origin", "file://")], "127.0.0.1:3001"),
            (&[("sec-fetch-site", "cross-site")], "127.0.0.1:3001"),
            (&[("sec-fetch-site", "same-site")], "127.0.0.1:3001"),
            (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], "127.0.0.1:3001"),
            (&[("origin", "http://127.0.0.1:3001"), ("sec-fetch-site", "cross-site")], "127.0.0.1:3001"),
        ] {
            assert_eq!(source_of(headers, host, &["http://localhost:5173"]), Source::Foreign, "{headers:?} {host}");
        }
    }

    #[test]
    fn pages_of_an_allowed_origin_may_call_from_another_site() {
        let headers = [("origin", "http://localhost:5173"), ("sec-fetch-site", "same-site")];
        assert_eq!(source_of(&headers, "127.0.0.1:3001", &["http://localhost:5173"]), Source::Allowed);
        assert_eq!(source_of(&headers, "127.0.0.1:3001", &["*"]), Source::Allowed);
        let twice = [("origin", "http://localhost:5173"), ("origin", "http://evil.example")];
        assert_eq!(source_of(&twice, "127.0.0.1:3001", &["*"]), Source::Unclear);
    }
}
