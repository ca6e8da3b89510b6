//! The API calls of a worker, and the classification of their responses.

use super::reports::ReportBatch;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, StatusCode, Uri,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::{fmt, io, str::FromStr, time::Duration};
use tokio::time::timeout;

/// Timeout for opening a TCP connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum bytes of a response body. 10,000 items with inputs and results are far smaller.
const MAX_RESPONSE_BYTES: usize = 256 << 20;

/// Base URL of the API: `http://` or `https://`, a host, and a path if a proxy adds one.
#[derive(Clone, Debug, PartialEq)]
pub struct Server(String);

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "use the server's URL, e.g. http://127.0.0.1:3001".to_owned();
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err(
                "the server's URL must not contain a user or a password: remove them, the worker \
                does not use them"
                    .to_owned(),
            );
        }
        let plain = uri.host().is_some_and(|host| !host.is_empty()) && uri.query().is_none();
        if known && plain {
            Ok(Self(text.trim_end_matches('/').to_owned()))
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reason why a call failed, by what the worker can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The server did not answer or cannot serve the call now: the same call may succeed later.
    Unavailable(String),
    /// The lease is no longer valid: the worker lost it, or the job ended or was deleted.
    LeaseLost(String),
    /// The server rejected the call, or its response is unreadable: a retry would not help.
    Rejected(String),
}

#[derive(Debug, Deserialize)]
pub struct Lease {
    pub token: String,
}

#[derive(Debug, Deserialize)]
pub struct Claimed {
    pub job: Map<String, Value>,
    pub lease: Lease,
    #[serde(default)]
    pub items: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    jobs: Vec<Claimed>,
}

#[derive(Serialize)]
pub struct Claim<'a> {
    pub worker_id: &'a str,
    pub job_types: &'a [String],
    pub max_jobs: usize,
    pub lease_seconds: u64,
    pub wait_seconds: u64,
    pub host: &'a str,
    pub version: &'a str,
}

#[derive(Debug, Deserialize)]
pub struct Heart {
    #[serde(default)]
    pub cancel_requested: bool,
}

/// HTTP client with or without TLS. Certificates are loaded only for an `https://` server, because
/// a slim container image has none.
enum Http {
    Plain(legacy::Client<HttpConnector, Full<Bytes>>),
    Tls(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

pub struct Client {
    http: Http,
    server: Server,
    /// Timeout of a call. A claim may also take the time that it asks the server to wait.
    patience: Duration,
}

impl Client {
    pub fn new(server: Server, patience: Duration) -> io::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT.min(patience)));
        tcp.set_keepalive(Some(Duration::from_secs(30)));
        tcp.set_nodelay(true);
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new());
        let http = if server.0.starts_with("https:") {
            tcp.enforce_http(false);
            let tls = HttpsConnectorBuilder::new()
                .with_native_roots()?
                .https_only()
                .enable_http1();
            Http::Tls(builder.build(tls.wrap_connector(tcp)))
        } else {
            Http::Plain(builder.build(tcp))
        };
        Ok(Self {
            http,
            server,
            patience,
        })
    }

    pub async fn claim(&self, claim: &Claim<'_>) -> Result<Vec<Claimed>, CallError> {
        let patience = self.patience + Duration::from_secs(claim.wait_seconds);
        let claims: Claims = self.post("/claims", &json!(claim), patience).await?;
        Ok(claims.jobs)
    }

    pub async fn heartbeat(
        &self,
        job_id: &str,
        token: &str,
        lease_seconds: u64,
        batch: &ReportBatch,
    ) -> Result<Heart, CallError> {
        let mut body = json!(batch);
        body["lease_token"] = token.into();
        body["lease_seconds"] = lease_seconds.into();
        self.post(&format!("/jobs/{job_id}/heartbeat"), &body, self.patience)
            .await
    }

    /// Ends the attempt. `verb` is `complete`, `fail` or `release`. Returns the job from the
    /// response.
    pub async fn end(&self, job_id: &str, verb: &str, body: &Value) -> Result<Value, CallError> {
        self.post(&format!("/jobs/{job_id}/{verb}"), body, self.patience)
            .await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        patience: Duration,
    ) -> Result<T, CallError> {
        let request = Request::post(format!("{}/api/v1{path}", self.server))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("callsheet/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body.to_string().into()))
            .map_err(|error| CallError::Rejected(error.to_string()))?;
        match timeout(patience, self.exchange(request)).await {
            Ok(answer) => {
                let (status, body) = answer.map_err(CallError::Unavailable)?;
                read(status, &body)
            }
            Err(_) => Err(CallError::Unavailable(format!(
                "no response within {} s",
                patience.as_secs_f32()
            ))),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
        let answer = match &self.http {
            Http::Plain(http) => http.request(request).await,
            Http::Tls(http) => http.request(request).await,
        }
        .map_err(|error| causes(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_RESPONSE_BYTES)
            .collect()
            .await
            .map_err(|error| error.to_string())?;
        Ok((status, body.to_bytes()))
    }
}

/// Converts a response into its value or into an error.
fn read<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, CallError> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|error| {
            CallError::Rejected(format!("the answer is not understood: {error}"))
        });
    }
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = problem["code"].as_str().unwrap_or_default();
    let detail = detail(status, &problem);
    Err(match (status.as_u16(), code) {
        (_, "lease_lost" | "job_not_found" | "job_not_processing" | "job_transition_illegal") => {
            CallError::LeaseLost(detail)
        }
        (408 | 425 | 429 | 500.., _) => CallError::Unavailable(detail),
        _ => CallError::Rejected(detail),
    })
}

/// Formats a problem response as one line: its `detail`, then up to three of its errors.
fn detail(status: StatusCode, problem: &Value) -> String {
    let Some(detail) = problem["detail"].as_str() else {
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

/// Returns the message of the innermost cause, because hyper's own errors do not say what happened.
fn causes(error: &dyn std::error::Error) -> String {
    let deepest = std::iter::successors(Some(error), |error| error.source()).last();
    explained(deepest.map(ToString::to_string).unwrap_or_default())
}

/// Adds a remedy to TLS errors whose own text suggests none.
fn explained(said: String) -> String {
    if said.contains("invalid peer certificate") {
        format!("{said}: if it is right, name the file of who signed it in SSL_CERT_FILE")
    } else if said.contains("InvalidContentType") {
        format!("{said}: what answers there does not speak TLS, so its URL may begin with http://")
    } else {
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn trouble(status: u16, body: Value) -> CallError {
        read::<Value>(
            StatusCode::from_u16(status).unwrap(),
            body.to_string().as_bytes(),
        )
        .unwrap_err()
    }

    #[test]
    fn an_answer_is_temporary_the_end_or_a_refusal() {
        let over = |code| trouble(409, json!({"code": code, "detail": "d"}));
        assert_eq!(over("lease_lost"), CallError::LeaseLost("d".into()));
        assert_eq!(over("job_not_processing"), CallError::LeaseLost("d".into()));
        assert_eq!(
            trouble(404, json!({"code": "job_not_found", "detail": "d"})),
            CallError::LeaseLost("d".into())
        );
        assert_eq!(
            trouble(503, json!({"detail": "d"})),
            CallError::Unavailable("d".into())
        );
        assert_eq!(
            trouble(502, json!(null)),
            CallError::Unavailable("it answered 502 Bad Gateway".into())
        );
        assert_eq!(
            trouble(429, json!(null)),
            CallError::Unavailable("it answered 429 Too Many Requests".into())
        );
        assert_eq!(
            trouble(404, json!(null)),
            CallError::Rejected("it answered 404 Not Found".into())
        );
        let errors = json!([{"pointer": "/items/0/key", "detail": "Use less."}]);
        let refused = trouble(
            400,
            json!({"code": "invalid_request", "detail": "No.", "errors": errors}),
        );
        assert_eq!(
            refused,
            CallError::Rejected("No. /items/0/key: Use less.".into())
        );
    }

    #[tokio::test]
    async fn a_server_that_does_not_speak_tls_is_told_so() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("https://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _hello = connection.read(&mut [0; 512]).await.unwrap();
            connection
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
            std::future::pending::<()>().await;
        });
        let client = Client::new(server, Duration::from_secs(5)).unwrap();
        match client.end("job", "release", &json!({})).await {
            Err(CallError::Unavailable(why)) => {
                assert!(why.ends_with("so its URL may begin with http://"), "{why}")
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_server_is_a_url() {
        for good in [
            "http://127.0.0.1:3001",
            "https://jobs.example/callsheet/",
            "http://[::1]:3001",
        ] {
            assert!(good.parse::<Server>().is_ok(), "{good}");
        }
        assert_eq!(
            "http://a/".parse::<Server>().unwrap().to_string(),
            "http://a"
        );
        for bad in [
            "",
            "127.0.0.1:3001",
            "ftp://a",
            "http://",
            "http://a/?b",
            "/api",
        ] {
            assert!(bad.parse::<Server>().is_err(), "{bad}");
        }
    }
}
