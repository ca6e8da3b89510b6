//! Accepting of connections: within the limits, and with backoff if the system lacks a file
//! descriptor or memory for the next one.

use super::connection_limits::{ConnectionLimits, ConnectionPermit, Full};
use crate::{
    codes::{status_and_title, type_of},
    log_rate_limit::LogRateLimit,
};
use hyper::StatusCode;
use serde_json::json;
use std::{
    io::{self, Write},
    net::SocketAddr,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep_until},
};

/// Shortest and longest delay after a failure to accept.
const MIN_RETRY_DELAY: Duration = Duration::from_millis(50);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(1);

pub struct Listening {
    listener: TcpListener,
    limits: ConnectionLimits,
    /// Delay after the next failure.
    wait: Duration,
    /// End of the current delay, before which the server accepts nothing.
    until: Option<Instant>,
    failed: LogRateLimit,
    refused: LogRateLimit,
}

impl Listening {
    pub fn new(listener: TcpListener, limits: ConnectionLimits) -> Self {
        let (failed, refused) = (LogRateLimit::default(), LogRateLimit::default());
        Self {
            listener,
            limits,
            wait: MIN_RETRY_DELAY,
            until: None,
            failed,
            refused,
        }
    }

    /// Returns the next connection that is within the limits. May be cancelled and called again.
    pub async fn accept(&mut self) -> (TcpStream, SocketAddr, ConnectionPermit) {
        loop {
            if let Some(until) = self.until {
                sleep_until(until).await;
                self.until = None;
            }
            match self.listener.accept().await {
                Ok((stream, remote)) => {
                    self.wait = MIN_RETRY_DELAY;
                    match self.limits.take(remote.ip()) {
                        Ok(place) => return (stream, remote, place),
                        Err(full) => self.refuse(stream, remote, full),
                    }
                }
                // The client closed the connection before the server accepted it.
                Err(error) if is_of_client(&error) => {}
                Err(error) => self.fail(&error),
            }
        }
    }

    fn fail(&mut self, error: &io::Error) {
        self.until = Some(Instant::now() + self.wait);
        self.wait = (self.wait * 2).min(MAX_RETRY_DELAY);
        if let Some(times) = self.failed.count() {
            tracing::warn!(
                %error, times,
                "the server cannot accept connections and retries; if file descriptors are \
                exhausted, raise the limit (ulimit -n)"
            );
        }
    }

    /// Sends the reason, as far as the socket takes it without blocking, and closes the connection.
    fn refuse(&mut self, stream: TcpStream, remote: SocketAddr, full: Full) {
        if let Ok(mut stream) = stream.into_std() {
            let _ = stream.write(answer(full).as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Write);
        }
        if let Some(times) = self.refused.count() {
            let (limit, of) = match full {
                Full::Server(limit) => (limit, "the server"),
                Full::Address(limit) => (limit, "an address"),
            };
            tracing::warn!(%remote, times, limit, of, "connections refused: the limit is reached; \
                raise --max-connections or --max-connections-per-address if they are legitimate");
        }
    }
}

fn is_of_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// Builds the response to a connection above the limits, before any request of it was read.
fn answer(full: Full) -> String {
    let (code, detail) = match full {
        Full::Server(limit) => (
            "overloaded",
            format!(
                "The server has {limit} connections, as many as it takes: try again in a moment."
            ),
        ),
        Full::Address(limit) => (
            "too_many_connections",
            format!(
                "Your address has {limit} connections, as many as one may have: close some, or start the server with \
                 a larger --max-connections-per-address."
            ),
        ),
    };
    let (status, title) = status_and_title(code);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({
        "type": type_of(code), "title": title, "status": status.as_u16(), "detail": detail, "code": code,
        "request_id": uuid::Uuid::now_v7().to_string(),
    });
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nretry-after: 1\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )
}
