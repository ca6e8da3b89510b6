//! The HTTP client of outbound requests: one connection a request, no redirects, and bounded in
//! time and in what it reads.

use super::{OutboundPolicy, Target, authority::trusting, resolver::CheckedResolver};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::Incoming,
    header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::{
    error::Error,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// Maximum time for which the body of a response is read.
const BODY_TIME: Duration = Duration::from_secs(2);

/// Maximum bytes that are kept of a response.
pub const MAX_RESPONSE_BYTES: usize = 1000;

/// Time limits of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum time to open the connection.
    pub connect: Duration,
    /// Maximum time of the whole request.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(15),
        }
    }
}

/// Response, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// First bytes of the body, at most [`MAX_RESPONSE_BYTES`].
    pub body: Vec<u8>,
    pub retry_after: Option<String>,
}

type Plain = HttpConnector<CheckedResolver>;

/// Client that sends requests where the policy allows it.
#[derive(Clone)]
pub struct Outbound {
    policy: Arc<OutboundPolicy>,
    limits: Limits,
    plain: legacy::Client<Plain, Full<Bytes>>,
    /// Made at the first use: a slim container image has no certificates.
    secure: Arc<OnceLock<legacy::Client<HttpsConnector<Plain>, Full<Bytes>>>>,
}

impl Outbound {
    pub fn new(policy: OutboundPolicy, limits: Limits) -> Self {
        let policy = Arc::new(policy);
        let plain = client().build(connector(&policy, limits));
        Self {
            policy,
            limits,
            plain,
            secure: Arc::default(),
        }
    }

    pub fn policy(&self) -> &OutboundPolicy {
        &self.policy
    }

    /// Sends a POST.
    ///
    /// Errors: a sentence.
    pub async fn post(
        &self,
        url: &str,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
    ) -> Result<Answer, String> {
        // The policy may have become stricter since the URL was stored.
        let target = Target::parse(url, &self.policy)?;
        let mut request = Request::post(target.as_str())
            .body(Full::new(body))
            .map_err(|error| error.to_string())?;
        let agent = HeaderValue::from_static(concat!("callsheet/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        request.headers_mut().extend(headers);
        let until = Instant::now() + self.limits.total;
        let response = timeout_at(until, self.exchange(&target, request)).await;
        let response = response.unwrap_or_else(|_| {
            let seconds = self.limits.total.as_secs_f32();
            Err(format!("There was no response within {seconds} s."))
        })?;
        let status = response.status().as_u16();
        let retry_after = text_of(response.headers(), &RETRY_AFTER);
        Ok(Answer {
            status,
            retry_after,
            body: beginning(response.into_body(), until.min(Instant::now() + BODY_TIME)).await,
        })
    }

    pub(super) async fn exchange(
        &self,
        target: &Target,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, String> {
        let response = if target.is_secure() {
            self.secure()?.request(request).await
        } else {
            self.plain.request(request).await
        };
        response.map_err(|error| cause(&error))
    }

    fn secure(&self) -> Result<&legacy::Client<HttpsConnector<Plain>, Full<Bytes>>, String> {
        if let Some(client) = self.secure.get() {
            return Ok(client);
        }
        let mut tcp = connector(&self.policy, self.limits);
        tcp.enforce_http(false);
        let tls = HttpsConnectorBuilder::new()
            .with_tls_config(trusting(&self.policy.authorities)?)
            .https_only()
            .enable_http1();
        let made = client().build(tls.wrap_connector(tcp));
        Ok(self.secure.get_or_init(|| made))
    }
}

fn connector(policy: &Arc<OutboundPolicy>, limits: Limits) -> Plain {
    let mut tcp = HttpConnector::new_with_resolver(CheckedResolver(policy.clone()));
    tcp.set_connect_timeout(Some(limits.connect));
    tcp.set_nodelay(true);
    tcp
}

fn client() -> legacy::Builder {
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    // Each request resolves and checks the name anew.
    builder
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(0);
    builder
}

fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// Reads the beginning of a body, as far as it comes in time, and closes the connection if more
/// follows.
async fn beginning(mut body: Incoming, until: Instant) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < MAX_RESPONSE_BYTES {
        // The status has decided already; a body that breaks off or stalls changes nothing.
        let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await else {
            break;
        };
        if let Ok(data) = frame.into_data() {
            read.extend_from_slice(&data[..data.len().min(MAX_RESPONSE_BYTES - read.len())]);
        }
    }
    read
}

/// Returns the message of the innermost cause, because hyper's own errors do not say what happened.
pub(super) fn cause(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let cause = deepest.to_string();
    if cause.contains("UnknownIssuer") {
        return format!(
            "The certificate of the endpoint is of an unknown authority ({cause}). An operator may \
            trust that, with serve --webhook-ca."
        );
    }
    cause
}
