//! An answer, and what every answer of its kind has to hold to.

use callsheet::codes::CODES;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self {
            status,
            headers,
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// An answer as it came over the wire, with a body that is not chunked.
    pub fn parse(bytes: &[u8]) -> Self {
        let split = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("an end of the headers");
        let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|s| s.parse().ok());
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").expect("a header");
            (
                HeaderName::try_from(name).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            )
        };
        Self {
            status: status.expect(&head),
            headers: lines.map(header).collect(),
            body: bytes[split + 4..].to_vec(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body of an answer of this status, which has to be JSON with times that end in `Z`.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(
            self.header("content-type").unwrap().split(';').next(),
            Some("application/json")
        );
        let body = serde_json::from_slice(&self.body).unwrap();
        check_times("", &body);
        body
    }

    /// The problem (RFC 9457) that the answer has to be.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["code"], code, "{problem}");
        let (_, expected, title) = CODES
            .iter()
            .find(|row| row.0 == code)
            .expect("the code is in the table");
        assert_eq!(
            (*expected, *title),
            (status, problem["title"].as_str().unwrap())
        );
        assert_eq!(
            (&problem["type"], &problem["status"]),
            (&format!("/problems/{code}").into(), &status.into())
        );
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty()),
            "{problem}"
        );
        assert_eq!(
            problem["request_id"].as_str(),
            self.header("x-request-id"),
            "{problem}"
        );
        problem
    }

    /// The answer has to be of this status, without a body.
    #[track_caller]
    pub fn empty(&self, status: u16) {
        assert_eq!((self.status, &*self.text()), (status, ""));
    }
}

/// Every member that is called a time is UTC as the older clients read it.
#[track_caller]
fn check_times(name: &str, value: &Value) {
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| check_times(name, value)),
        Value::Array(values) => values.iter().for_each(|value| check_times(name, value)),
        Value::String(text) if name.ends_with("_at") => {
            let time = chrono::DateTime::parse_from_rfc3339(text);
            assert!(text.ends_with('Z') && time.is_ok(), "{name} is {text}");
        }
        _ => {}
    }
}
