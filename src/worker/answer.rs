//! Classification of responses. Between a worker and its server stand proxies, which answer in the
//! server's place while it restarts. Only a problem with a code that the worker knows is the
//! server's word on a job; anything else means that the server is away.

use super::client::CallError;
use crate::codes::CODES;
use hyper::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Codes that mean that the job is no longer this worker's.
const LOST: [&str; 5] = [
    "lease_lost",
    "job_not_found",
    "job_not_processing",
    "job_transition_illegal",
    "job_ended",
];

/// Codes that mean that the server does not accept what the call says, now or later.
const REJECTED: [&str; 8] = [
    "invalid_request",
    "malformed_body",
    "item_not_found",
    "item_conflict",
    "shots_counted_from_items",
    "shots_exceed_total",
    "counter_exhausted",
    "body_too_large",
];

/// Converts a response into its value or into an error.
pub fn read<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, CallError> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|_| {
            CallError::Misdirected(format!(
                "it answered {status} with something that is not Callsheet's answer"
            ))
        });
    }
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = problem["code"].as_str().unwrap_or_default();
    let detail = detail(status, &problem);
    Err(if LOST.contains(&code) {
        CallError::LeaseLost(detail)
    } else if REJECTED.contains(&code) {
        CallError::Rejected(detail)
    } else if matches!(status.as_u16(), 408 | 425 | 429 | 500..) {
        CallError::Unavailable(detail)
    } else {
        CallError::Misdirected(detail)
    })
}

/// Formats a problem response as one line: its `detail`, then up to three of its errors. Of another
/// response, which may be a page for people, it is the status alone.
fn detail(status: StatusCode, problem: &Value) -> String {
    let code = problem["code"].as_str();
    let is_known = CODES.iter().any(|(known, ..)| code == Some(*known));
    let Some(detail) = problem["detail"].as_str().filter(|_| is_known) else {
        return format!("it answered {status}");
    };
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

    fn trouble(status: u16, body: &str) -> CallError {
        read::<Vec<u8>>(StatusCode::from_u16(status).unwrap(), body.as_bytes()).unwrap_err()
    }

    fn problem(status: u16, code: &str) -> CallError {
        trouble(status, &json!({"code": code, "detail": "d"}).to_string())
    }

    #[test]
    fn a_problem_with_a_known_code_is_the_servers_word() {
        for code in LOST {
            assert_eq!(problem(409, code), CallError::LeaseLost("d".into()));
        }
        for code in REJECTED {
            assert_eq!(problem(409, code), CallError::Rejected("d".into()));
        }
        let errors = json!([{"pointer": "/items/0/key", "detail": "Use less."}]);
        let refused = json!({"code": "invalid_request", "detail": "No.", "errors": errors});
        assert_eq!(
            trouble(400, &refused.to_string()),
            CallError::Rejected("No. /items/0/key: Use less.".into())
        );
        assert_eq!(
            problem(503, "database_unavailable"),
            CallError::Unavailable("d".into())
        );
        assert_eq!(
            problem(421, "host_refused"),
            CallError::Misdirected("d".into())
        );
    }

    #[test]
    fn every_other_answer_means_that_the_server_is_away() {
        for body in [
            "",
            "null",
            "<html>gone</html>",
            r#"{"code": "no", "detail": "x"}"#,
        ] {
            for status in [
                301, 302, 307, 400, 401, 403, 404, 405, 407, 409, 411, 412, 413, 418,
            ] {
                assert!(
                    matches!(trouble(status, body), CallError::Misdirected(why) if why.starts_with("it answered ")),
                    "{status} {body}"
                );
            }
            for status in [408, 425, 429, 500, 502, 503, 504, 599] {
                assert!(
                    matches!(trouble(status, body), CallError::Unavailable(_)),
                    "{status} {body}"
                );
            }
            for status in [200, 201, 204] {
                assert!(
                    matches!(trouble(status, body), CallError::Misdirected(_)),
                    "{status} {body}"
                );
            }
        }
    }
}
