//! The key of a request, from its headers. It is never taken from the URL, which gets into logs.

use super::failures::Failures;
use crate::{
    api::{gate::authority, origin, problem::Problem},
    jobs::{JobManager, Principal},
};
use poem::{
    Request,
    http::{HeaderMap, Method, header},
};
use std::sync::Arc;

/// Name of the cookie of a session.
pub const COOKIE: &str = "callsheet_session";

const X_API_KEY: &str = "x-api-key";

/// Header that only a script of this server's own pages can send without a preflight request.
const OWN_SCRIPT: &str = "x-callsheet";

/// What a request shows of its caller.
#[derive(Debug, PartialEq, Eq)]
enum Credential<'a> {
    Key(&'a str),
    Session(&'a str),
}

/// Who makes a request.
pub struct Caller {
    pub principal: Arc<Principal>,
    /// Token of the session by which the caller is known.
    session: Option<String>,
}

impl Caller {
    /// Returns whether the caller may still call, with the same role.
    pub fn is_still(&self, jobs: &JobManager) -> bool {
        let ended = |token: &String| jobs.session(token).is_err();
        jobs.is_still(&self.principal) && !self.session.as_ref().is_some_and(ended)
    }
}

/// Returns who makes the request; `None` if it says nothing about that.
///
/// Errors: `unauthenticated`; `too_many_failures`; `origin_refused` for a change by a cookie that a
/// page of this server did not send.
pub fn caller(
    jobs: &JobManager,
    failures: &Failures,
    request: &Request,
) -> Result<Option<Caller>, Problem> {
    match credential(request.headers())? {
        None => Ok(None),
        Some(Credential::Key(key)) => {
            failures.check(request, key)?;
            let known = jobs.authenticate(key).map_err(Problem::from);
            let principal = known.map_err(|wrong| failures.count(request, wrong))?;
            Ok(Some(Caller {
                principal,
                session: None,
            }))
        }
        Some(Credential::Session(token)) => {
            let principal = jobs.session(token)?;
            check_page(request)?;
            Ok(Some(Caller {
                principal,
                session: Some(token.to_owned()),
            }))
        }
    }
}

/// Returns the text of the key or token in the headers, if they have one.
pub fn key_of(headers: &HeaderMap) -> Option<&str> {
    match credential(headers) {
        Ok(Some(Credential::Key(key))) => Some(key),
        _ => None,
    }
}

fn credential(headers: &HeaderMap) -> Result<Option<Credential<'_>>, Problem> {
    let mut given = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .map(|value| value.to_str().ok().and_then(bearer))
        .chain(headers.get_all(X_API_KEY).iter().map(|v| v.to_str().ok()));
    match (given.next(), given.next()) {
        (None, _) => Ok(session_token(headers).map(Credential::Session)),
        (Some(Some(key)), None) => Ok(Some(Credential::Key(key))),
        (Some(None), None) => Err(unauthenticated(
            "The Authorization header cannot be read: send `Authorization: Bearer cs_…`.",
        )),
        (Some(_), Some(_)) => Err(unauthenticated(
            "Send one key: this request has several Authorization or X-API-Key headers.",
        )),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| key.trim_matches(' '))
}

/// Returns the token in the session's cookie. Of several, the first counts.
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, token)| token)
}

/// Refuses a change that comes with a cookie, unless a script of this server's pages sent it.
fn check_page(request: &Request) -> Result<(), Problem> {
    if matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) {
        return Ok(());
    }
    let headers = request.headers();
    let port = request.local_addr().as_socket_addr().map(|at| at.port());
    let is_own = headers.contains_key(header::ORIGIN)
        && origin::source(headers, &authority(request)?, port, &[]) == origin::Source::Own;
    let is_script = headers.get(OWN_SCRIPT).is_some_and(|value| value == "1");
    if is_own && is_script {
        return Ok(());
    }
    Err(Problem::new(
        "origin_refused",
        "With a session's cookie, only pages of this server may make changes, with the headers \
         Origin and X-Callsheet: 1. Programs send a key instead.",
    ))
}

pub fn unauthenticated(detail: &str) -> Problem {
    Problem::new("unauthenticated", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    #[test]
    fn a_key_comes_in_one_of_two_headers() {
        for pair in [
            ("authorization", "Bearer k"),
            ("authorization", "bearer  k"),
            ("x-api-key", "k"),
        ] {
            assert_eq!(
                credential(&headers(&[pair])).unwrap(),
                Some(Credential::Key("k")),
                "{pair:?}"
            );
        }
        assert_eq!(credential(&headers(&[])).unwrap(), None);
    }

    #[test]
    fn other_schemes_and_several_keys_are_refused() {
        for pairs in [
            &[("authorization", "Basic a2V5")][..],
            &[("authorization", "k")],
            &[("authorization", "Bearer a"), ("authorization", "Bearer a")],
            &[("authorization", "Bearer a"), ("x-api-key", "a")],
            &[("x-api-key", "a"), ("x-api-key", "b")],
        ] {
            let problem = credential(&headers(pairs)).unwrap_err();
            assert_eq!(problem.code, "unauthenticated", "{pairs:?}");
        }
    }

    #[test]
    fn a_session_is_found_among_other_cookies_and_a_key_goes_first() {
        let both = [
            ("cookie", "a=b; callsheet_session=t.1.x; c=d"),
            ("authorization", "Bearer k"),
        ];
        assert_eq!(
            credential(&headers(&both[..1])).unwrap(),
            Some(Credential::Session("t.1.x"))
        );
        assert_eq!(
            credential(&headers(&both)).unwrap(),
            Some(Credential::Key("k"))
        );
    }
}
