//! The API calls of a worker.

use super::{answer, batch::ReportBatch, server::Server};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, StatusCode,
    body::Incoming,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::{io, time::Duration};
use tokio::time::timeout;

/// Timeout for opening a TCP connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum bytes of a response body. 10,000 items with inputs and results are far smaller.
const MAX_RESPONSE_BYTES: usize = 256 << 20;

/// Maximum bytes that are read of a response that is no success.
const MAX_PROBLEM_BYTES: usize = 64 << 10;

/// Speed at which a large body is sent at least, below which a call times out.
const MIN_BYTES_PER_SECOND: usize = 128 << 10;

/// Reason why a call failed, by what the worker can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The server did not answer or cannot serve the call now: the same call may succeed later.
    Unavailable(String),
    /// Something else answered, such as a proxy while the server is away: the same call may succeed
    /// later too. If it never does, the URL is wrong, or the proxy does not let the call pass.
    Misdirected(String),
    /// The lease is no longer valid: the worker lost it, or the job ended or was deleted.
    LeaseLost(String),
    /// The server rejected the call: a retry would not help.
    Rejected(String),
    /// The claimed job is larger than a response may be. Its id and its token are known.
    TooLarge { job_id: String, token: String },
}

#[derive(Debug, Deserialize)]
pub struct Lease {
    pub token: String,
}

#[derive(Debug, Deserialize)]
pub struct Claimed {
    pub job: Map<String, Value>,
    pub lease: Lease,
    pub items: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub struct Claims {
    pub jobs: Vec<Claimed>,
    /// Maximum bytes of a request body; servers of earlier versions do not name it.
    pub max_body_bytes: Option<usize>,
}

#[derive(Clone, Serialize)]
pub struct Claim<'a> {
    pub worker_id: &'a str,
    /// Id of the call. The server answers a repetition of the call with the same jobs.
    pub call_id: &'a str,
    pub job_types: &'a [String],
    pub max_jobs: usize,
    pub lease_seconds: u64,
    pub wait_seconds: u64,
    pub host: &'a str,
    pub version: &'a str,
}

#[derive(Debug, Deserialize)]
pub struct Heart {
    pub cancel_requested: bool,
    /// Present in every answer of the server, so that another answer is not taken for one.
    #[serde(rename = "lease_expires_at")]
    _lease_expires_at: String,
}

/// Job in the answer to a call that ended its attempt.
#[derive(Debug, Deserialize)]
pub struct EndedJob {
    pub job_id: String,
    pub status: String,
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
    /// `Authorization` header with the worker's key.
    key: Option<HeaderValue>,
    /// Timeout of a call. A claim may also take the time that it asks the server to wait.
    patience: Duration,
}

impl Client {
    /// Creates a client that sends the key, if there is one, with each call.
    pub fn new(server: Server, key: Option<&str>, patience: Duration) -> io::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT.min(patience)));
        tcp.set_keepalive(Some(Duration::from_secs(30)));
        tcp.set_nodelay(true);
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new());
        let http = if server.is_secure() {
            tcp.enforce_http(false);
            let tls = HttpsConnectorBuilder::new()
                .with_native_roots()?
                .https_only()
                .enable_http1();
            Http::Tls(builder.build(tls.wrap_connector(tcp)))
        } else {
            Http::Plain(builder.build(tcp))
        };
        let bearer = |key| {
            let mut value = HeaderValue::try_from(format!("Bearer {key}"))?;
            value.set_sensitive(true);
            Ok(value)
        };
        let key =
            key.map(bearer)
                .transpose()
                .map_err(|error: hyper::header::InvalidHeaderValue| {
                    io::Error::new(io::ErrorKind::InvalidInput, error)
                })?;
        Ok(Self {
            http,
            server,
            key,
            patience,
        })
    }

    pub async fn claim(&self, claim: &Claim<'_>) -> Result<Claims, CallError> {
        let patience = self.patience + Duration::from_secs(claim.wait_seconds);
        let claims: Claims = self.post("/claims", &json!(claim), patience).await?;
        let is_ours = |claimed: &Claimed| {
            let worker = claimed.job.get("worker_id").and_then(Value::as_str);
            worker == Some(claim.worker_id)
        };
        if claims.jobs.iter().all(is_ours) {
            Ok(claims)
        } else {
            Err(CallError::Misdirected(
                "it answered with the jobs of another worker".to_owned(),
            ))
        }
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
    pub async fn end(&self, job_id: &str, verb: &str, body: &Value) -> Result<EndedJob, CallError> {
        let path = format!("/jobs/{job_id}/{verb}");
        let job: EndedJob = self.post(&path, body, self.patience).await?;
        if job.job_id == job_id && job.status != "processing" {
            Ok(job)
        } else {
            Err(CallError::Misdirected(
                "it answered with another job".to_owned(),
            ))
        }
    }

    /// Sends a GET for a path of the server. Returns the status, and the body or its beginning.
    pub async fn get(&self, path: &str) -> Result<(StatusCode, Vec<u8>), String> {
        let request = Request::get(format!("{}{path}", self.server))
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("callsheet/", env!("CARGO_PKG_VERSION")))
            .body(Full::default())
            .map_err(|error| error.to_string())?;
        let answer = timeout(self.patience, self.exchange(request)).await;
        let no_answer = |_| format!("no response within {} s", self.patience.as_secs_f32());
        let (status, body) = answer.map_err(no_answer)??;
        match body {
            Received::Whole(body) | Received::Beginning(body) => Ok((status, body)),
        }
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        patience: Duration,
    ) -> Result<T, CallError> {
        let body = body.to_string();
        let patience = patience + time_to_send(body.len());
        let mut request = Request::post(format!("{}/api/v1{path}", self.server));
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key);
        }
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("callsheet/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body.into()))
            .map_err(|error| CallError::Rejected(error.to_string()))?;
        match timeout(patience, self.exchange(request)).await {
            Ok(answer) => {
                let (status, body) = answer.map_err(CallError::Unavailable)?;
                match body {
                    Received::Whole(body) => answer::read(status, &body),
                    Received::Beginning(body) => Err(too_large(&body)),
                }
            }
            Err(_) => Err(CallError::Unavailable(format!(
                "no response within {} s",
                patience.as_secs_f32()
            ))),
        }
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Received), String> {
        let answer = match &self.http {
            Http::Plain(http) => http.request(request).await,
            Http::Tls(http) => http.request(request).await,
        }
        .map_err(|error| causes(&error))?;
        let status = answer.status();
        let most = if status.is_success() {
            MAX_RESPONSE_BYTES
        } else {
            MAX_PROBLEM_BYTES
        };
        Ok((status, receive(answer.into_body(), most).await?))
    }
}

/// Returns the time that a body may take beyond the timeout of a call.
fn time_to_send(bytes: usize) -> Duration {
    Duration::from_secs((bytes / MIN_BYTES_PER_SECOND) as u64)
}

enum Received {
    Whole(Vec<u8>),
    /// First bytes of a body that is larger than it may be.
    Beginning(Vec<u8>),
}

async fn receive(mut body: Incoming, most: usize) -> Result<Received, String> {
    let mut received = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| causes(&error))?;
        if let Ok(data) = frame.into_data() {
            received.extend_from_slice(&data);
        }
        if received.len() > most {
            return Ok(Received::Beginning(received));
        }
    }
    Ok(Received::Whole(received))
}

/// Reads the id and the token of a claimed job from the beginning of a response that is too large:
/// its items come last. Without the token, the job could not be failed, and its attempts would be
/// spent one after the other.
fn too_large(beginning: &[u8]) -> CallError {
    let value = |name: &str, rest: &[u8]| -> Option<(Value, usize)> {
        let start = rest
            .windows(name.len())
            .position(|at| at == name.as_bytes())?
            + name.len();
        let mut values = serde_json::Deserializer::from_slice(&rest[start..]).into_iter();
        let value = values.next()?.ok()?;
        Some((value, start + values.byte_offset()))
    };
    let job = |rest: &[u8]| {
        let (job, end) = value("\"job\":", rest)?;
        let (lease, _) = value("\"lease\":", &rest[end..])?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some((text(&job["job_id"])?, text(&lease["token"])?))
    };
    match job(beginning) {
        Some((job_id, token)) => CallError::TooLarge { job_id, token },
        None => CallError::Misdirected(format!(
            "its answer has more than {} bytes",
            beginning.len().saturating_sub(1)
        )),
    }
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

    #[test]
    fn a_job_that_is_too_large_is_known_by_the_beginning_of_the_answer() {
        let answer = json!({"jobs": [{"items": ["x"]}]}).to_string();
        assert!(matches!(
            too_large(answer.as_bytes()),
            CallError::Misdirected(_)
        ));
        let answer = r#"{"jobs":[{"job":{"job_id":"film","content":"\"lease\":"},"lease":{"token":"t","expires_at":"x"},"items":[{"input":"#;
        assert_eq!(
            too_large(answer.as_bytes()),
            CallError::TooLarge {
                job_id: "film".to_owned(),
                token: "t".to_owned()
            }
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
        let client = Client::new(server, None, Duration::from_secs(5)).unwrap();
        match client.end("job", "release", &json!({})).await {
            Err(CallError::Unavailable(why)) => {
                assert!(why.ends_with("so its URL may begin with http://"), "{why}")
            }
            other => panic!("{other:?}"),
        }
    }
}
