//! Responses. Between a client and its server stand proxies, which answer in the server's place
//! while it restarts. Only a problem of Callsheet is the server's word; anything else means that
//! the server is away.

use crate::{Error, Problem, error::is_temporary};
use hyper::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// Longest time after which a server may ask to try again: a day.
const MAX_RETRY_AFTER_SECONDS: u64 = 86_400;

/// Converts a response into its value or into an error.
pub fn read<T: DeserializeOwned>(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T, Error> {
    // An answer without content says that it is done.
    let body = if status == StatusCode::NO_CONTENT {
        b"null"
    } else {
        body
    };
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|_| {
            Error::Misdirected(format!(
                "it answered {status} with something that is not Callsheet's answer"
            ))
        });
    }
    let answered = || format!("it answered {status}");
    Err(match problem(status, headers, body) {
        Some(problem) => Error::Refused(problem),
        None if is_temporary(status.as_u16()) => Error::Unavailable(answered()),
        None => Error::Misdirected(answered()),
    })
}

/// Reads a problem of Callsheet, whose type is the path of the page about its code.
fn problem(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Problem> {
    let problem: Value = serde_json::from_slice(body).ok()?;
    let code = problem["code"].as_str()?;
    let (before, page) = problem["type"].as_str()?.rsplit_once('/')?;
    if page != code || !before.ends_with("/problems") {
        return None;
    }
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .map(|seconds| seconds.min(MAX_RETRY_AFTER_SECONDS));
    Some(Problem {
        code: code.to_owned(),
        status: status.as_u16(),
        detail: detail(&problem),
        retry_after: seconds.map(Duration::from_secs),
    })
}

/// Formats a problem as one line: its `detail`, then up to three of its errors.
fn detail(problem: &Value) -> String {
    let detail = problem["detail"].as_str().unwrap_or_default();
    let place = |error: &Value| {
        let place = error["pointer"]
            .as_str()
            .or(error["parameter"].as_str())
            .unwrap_or_default();
        format!("{place}: {}", error["detail"].as_str().unwrap_or_default())
    };
    // The `detail` of an invalid request already contains its first errors.
    let places = problem["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(place)
        .filter(|place| !detail.contains(place));
    let places: String = places.take(3).map(|place| format!(" {place}")).collect();
    format!("{detail}{places}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn trouble(status: u16, body: &str) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        read::<Vec<u8>>(status, &HeaderMap::new(), body.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_problem_of_callsheet_is_the_servers_word() {
        let errors = json!([{"pointer": "/items/0/key", "detail": "Use less."}]);
        for prefix in ["", "/callsheet", "https://jobs.example"] {
            let page = format!("{prefix}/problems/invalid_request");
            let body = json!({"type": page, "code": "invalid_request", "detail": "No.",
                "errors": errors});
            match trouble(400, &body.to_string()) {
                Error::Refused(problem) => {
                    assert_eq!(problem.detail, "No. /items/0/key: Use less.");
                    assert_eq!(
                        (problem.code.as_str(), problem.status),
                        ("invalid_request", 400)
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn every_other_answer_means_that_the_server_is_away() {
        for body in [
            "",
            "null",
            "<html>gone</html>",
            r#"{"code": "job_not_found", "detail": "x"}"#,
            r#"{"code": "job_not_found", "type": "about:blank", "detail": "x"}"#,
            r#"{"code": "gone", "type": "/problems/other", "detail": "x"}"#,
        ] {
            for status in [
                301, 302, 307, 400, 401, 403, 404, 405, 407, 409, 411, 412, 413, 418,
            ] {
                assert!(
                    matches!(trouble(status, body), Error::Misdirected(why) if why.starts_with("it answered ")),
                    "{status} {body}"
                );
            }
            for status in [408, 425, 429, 500, 502, 503, 504, 599] {
                assert!(
                    matches!(trouble(status, body), Error::Unavailable(_)),
                    "{status} {body}"
                );
            }
            for status in [200, 201, 204] {
                assert!(
                    matches!(trouble(status, body), Error::Misdirected(_)),
                    "{status} {body}"
                );
            }
        }
    }
}
