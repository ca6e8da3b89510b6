//! HTTP towards the server: connections, time limits, limits of size.

use crate::{Error, Server, answer};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::Incoming,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, InvalidHeaderValue, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
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

const AGENT: &str = concat!("callsheet-client/", env!("CARGO_PKG_VERSION"));

/// HTTP client with or without TLS. Certificates are loaded only for an `https://` server, because
/// a slim container image has none.
enum Pool {
    Plain(legacy::Client<HttpConnector, Full<Bytes>>),
    Tls(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

pub struct Http {
    pool: Pool,
    pub server: Server,
    /// `Authorization` header with the key.
    key: Option<HeaderValue>,
}

/// A call below `/api/v1`.
#[derive(Clone)]
pub struct Call<'a> {
    pub method: Method,
    pub path: &'a str,
    pub body: Option<&'a Value>,
    pub idempotency_key: Option<&'a str>,
    /// Time for the answer, apart from the time that a large body takes to be sent.
    pub patience: Duration,
}

impl Http {
    pub fn new(server: Server, key: Option<&str>) -> io::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        tcp.set_keepalive(Some(Duration::from_secs(30)));
        tcp.set_nodelay(true);
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new());
        let pool = if server.is_secure() {
            tcp.enforce_http(false);
            let tls = HttpsConnectorBuilder::new()
                .with_native_roots()?
                .https_only()
                .enable_http1();
            Pool::Tls(builder.build(tls.wrap_connector(tcp)))
        } else {
            Pool::Plain(builder.build(tcp))
        };
        let unusable = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let key = key.map(bearer).transpose().map_err(unusable)?;
        Ok(Self { pool, server, key })
    }

    /// Sends a GET for a path of the server, with the key. Returns the status, and the body or its
    /// beginning.
    pub async fn get(&self, path: &str, patience: Duration) -> Result<(u16, Vec<u8>), String> {
        let mut request = Request::get(format!("{}{path}", self.server))
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, AGENT);
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key);
        }
        let request = request
            .body(Full::default())
            .map_err(|error| error.to_string())?;
        let answer = timeout(patience, self.exchange(request)).await;
        let answer = answer.map_err(|_| no_response(patience))??;
        match answer.body {
            Received::Whole(body) | Received::Beginning(body) => Ok((answer.status.as_u16(), body)),
        }
    }

    /// Makes the call with the key, and reads the response.
    pub async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        let body = call.body.map(Value::to_string).unwrap_or_default();
        let patience = call.patience + time_to_send(body.len());
        let mut request = Request::builder()
            .method(call.method)
            .uri(format!("{}/api/v1{}", self.server, call.path));
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key);
        }
        if let Some(key) = call.idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, AGENT)
            .body(Full::new(body.into()))
            .map_err(|error| Error::Misdirected(error.to_string()))?;
        let answer = timeout(patience, self.exchange(request)).await;
        let answer = answer
            .map_err(|_| no_response(patience))
            .flatten()
            .map_err(Error::Unavailable)?;
        match answer.body {
            Received::Whole(body) => answer::read(answer.status, &answer.headers, &body),
            Received::Beginning(body) => Err(Error::TooLarge {
                claimed: first_claim(&body),
            }),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let answer = match &self.pool {
            Pool::Plain(http) => http.request(request).await,
            Pool::Tls(http) => http.request(request).await,
        };
        let (head, body) = answer.map_err(|error| causes(&error))?.into_parts();
        let most = if head.status.is_success() {
            MAX_RESPONSE_BYTES
        } else {
            MAX_PROBLEM_BYTES
        };
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: receive(body, most).await?,
        })
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Received,
}

enum Received {
    Whole(Vec<u8>),
    /// First bytes of a body that is larger than it may be.
    Beginning(Vec<u8>),
}

fn bearer(key: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {key}"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn no_response(patience: Duration) -> String {
    format!("no response within {} s", patience.as_secs_f32())
}

/// Returns the time that a body may take beyond the timeout of a call.
fn time_to_send(bytes: usize) -> Duration {
    Duration::from_secs((bytes / MIN_BYTES_PER_SECOND) as u64)
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
fn first_claim(beginning: &[u8]) -> Option<(String, String)> {
    let value = |name: &str, rest: &[u8]| -> Option<(Value, usize)> {
        let start = rest
            .windows(name.len())
            .position(|at| at == name.as_bytes())?
            + name.len();
        let mut values = serde_json::Deserializer::from_slice(&rest[start..]).into_iter();
        let value = values.next()?.ok()?;
        Some((value, start + values.byte_offset()))
    };
    let (job, end) = value("\"job\":", beginning)?;
    let (lease, _) = value("\"lease\":", &beginning[end..])?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some((text(&job["job_id"])?, text(&lease["token"])?))
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
mod tests;
