//! One connection: hyper reads its requests, and poem's endpoint answers them.

use super::{
    answer::Answer,
    body_rate::MinRateBody,
    bounds::ServerLimits,
    connection_limits::ConnectionPermit,
    idle_timeout::Watched,
    request_counts::{RequestCounts, UnderWay},
};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, combinators::BoxBody};
use hyper::body::{Body, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use poem::{
    Addr, Endpoint, Request, Response,
    http::{self, HeaderValue, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpStream, sync::watch, time::timeout};

/// Maximum concurrent streams of an HTTP/2 connection.
const MAX_STREAMS: u32 = 100;

/// Maximum streams that a client may reset before the server has begun with them; more end the
/// connection.
const MAX_RESETS: usize = 20;

/// Maximum bytes of all headers of an HTTP/2 request.
const MAX_HEADER_BYTES: u32 = 16 << 10;

/// Maximum size of an HTTP/1 connection's read buffer, in bytes; the head of a request has to fit.
/// hyper's default grows to 400 kB with a large body and never shrinks while the request waits.
const MAX_READ_BUFFER: usize = 16 << 10;

/// Maximum bytes of a body that is read whole before its request is answered.
const SMALL_BODY_BYTES: u64 = 4 << 10;

/// Time between two checks of a stopping server whether a connection has finished its requests.
const STOP_CHECK_INTERVAL: Duration = Duration::from_millis(200);

/// State shared by all connections.
pub struct Connections<E> {
    endpoint: E,
    local: LocalAddr,
    builder: Builder<TokioExecutor>,
    bounds: ServerLimits,
}

impl<E: Endpoint<Output = Response> + 'static> Connections<E> {
    pub fn new(endpoint: E, local: SocketAddr, bounds: &ServerLimits) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().max_buf_size(MAX_READ_BUFFER);
        builder
            .http2()
            .max_concurrent_streams(MAX_STREAMS)
            .max_pending_accept_reset_streams(MAX_RESETS)
            .max_header_list_size(MAX_HEADER_BYTES);
        Self {
            endpoint,
            local: LocalAddr(Addr::SocketAddr(local)),
            builder,
            bounds: bounds.clone(),
        }
    }

    /// Serves the connection until its client, a time limit or the end of the server ends it.
    pub async fn run(
        self: Arc<Self>,
        stream: TcpStream,
        remote: SocketAddr,
        _place: ConnectionPermit,
        mut stopping: watch::Receiver<bool>,
    ) {
        // The kernel would delay small messages of a stream until the client acknowledges earlier
        // ones.
        let _ = stream.set_nodelay(true);
        let local = stream
            .local_addr()
            .map_or_else(|_| self.local.clone(), |a| LocalAddr(Addr::SocketAddr(a)));
        let remote = RemoteAddr(Addr::SocketAddr(remote));
        let traffic = Arc::new(RequestCounts::default());
        let io = TokioIo::new(Watched::new(
            stream,
            traffic.clone(),
            self.bounds.header,
            self.bounds.idle,
        ));
        let service = hyper::service::service_fn(|request: http::Request<Incoming>| {
            let http1 = request.version() < http::Version::HTTP_2;
            let under_way = traffic.begin(!http1);
            let (this, local, remote) = (self.clone(), local.clone(), remote.clone());
            let read = this.read(request, local, remote, under_way.traffic());
            self.clone().answer(Box::pin(read), under_way, http1)
        });
        let connection = self.builder.serve_connection(io, service);
        tokio::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
        connection.as_mut().graceful_shutdown();
        // An incomplete header is no request, so the server does not wait for it.
        while timeout(STOP_CHECK_INTERVAL, connection.as_mut())
            .await
            .is_err()
            && traffic.is_busy()
        {}
    }

    /// Answers a request. Its steps are boxed, and each ends before the next one begins: most of
    /// the memory of a call that waits for a job is their state.
    async fn answer(
        self: Arc<Self>,
        read: impl Future<Output = Request> + Unpin,
        under_way: UnderWay,
        http1: bool,
    ) -> Result<http::Response<Answer>, Infallible> {
        let request = read.await;
        let mut response: http::Response<BoxBody<Bytes, io::Error>> =
            Box::pin(self.endpoint.get_response(request)).await.into();
        if http1 && under_way.left_unread() {
            // The connection ends after this answer; a client that did not know would use it again.
            response
                .headers_mut()
                .insert(http::header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| Answer::new(body, under_way)))
    }

    /// Converts a request to poem's. A small body is read whole.
    fn read(
        self: &Arc<Self>,
        request: http::Request<Incoming>,
        local: LocalAddr,
        remote: RemoteAddr,
        traffic: Arc<RequestCounts>,
    ) -> impl Future<Output = Request> + use<E> {
        let this = self.clone();
        async move {
            let (mut parts, body) = request.into_parts();
            release_buffer(&mut parts);
            let body = if body.is_end_stream() {
                poem::Body::empty()
            } else {
                this.body(body, traffic).await
            };
            Request::from_parts((parts, local, remote, Scheme::HTTP).into(), body)
        }
    }

    async fn body(&self, body: Incoming, traffic: Arc<RequestCounts>) -> poem::Body {
        let is_small = body
            .size_hint()
            .exact()
            .is_some_and(|bytes| bytes <= SMALL_BODY_BYTES);
        let traffic = (!is_small).then_some(traffic);
        let body = MinRateBody::new(body, self.bounds.body, self.bounds.body_rate, traffic);
        if is_small {
            collected(body).await
        } else {
            BoxBody::new(body).into()
        }
    }
}

/// Reads all of a small body. hyper ends a connection whose request is answered before its body has
/// arrived, and a client that then sends its next request on it gets no answer.
async fn collected(body: MinRateBody<Incoming>) -> poem::Body {
    match body.collect().await {
        Ok(whole) => whole.to_bytes().into(),
        Err(error) => poem::Body::from_bytes_stream(stream::iter([Err::<Bytes, _>(error)])),
    }
}

/// Copies the parts of a request that point into the connection's buffer. A call that waits for a
/// job would otherwise keep 8 kB of it, and the connection would allocate another 8 kB to notice
/// that its client leaves.
fn release_buffer(parts: &mut http::request::Parts) {
    if !(parts.uri.path().ends_with("/claims")
        || parts
            .uri
            .query()
            .is_some_and(|query| query.contains("wait=")))
    {
        return;
    }
    for value in parts.headers.values_mut() {
        if let Ok(copy) = HeaderValue::from_bytes(value.as_bytes()) {
            *value = copy;
        }
    }
    if let Ok(copy) = parts.uri.to_string().parse() {
        parts.uri = copy;
    }
}
