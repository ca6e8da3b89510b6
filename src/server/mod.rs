//! The HTTP server: hyper's connections, bounded in number and time, whose requests poem's endpoint
//! answers.
//!
//! poem's own server waits without limit for a header, for a body and for an idle client, accepts
//! connections without limit, and retries at once when no file descriptor is left.

mod accept;
mod answer;
mod body_rate;
mod bounds;
mod connection;
mod connection_limits;
mod descriptors;
mod idle_timeout;
mod request_counts;

pub use bounds::{DEFAULT_CONNECTIONS, ServerLimits};
pub use descriptors::{highest as descriptor_limit, raise_limit as raise_descriptor_limit};

use accept::Listening;
use connection::Connections;
use connection_limits::ConnectionLimits;
use poem::{Endpoint, Response};
use std::{future::Future, io, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};

/// Serves until `stop` ends. Then the server accepts no more connections, closes idle ones at once,
/// and gives requests in progress up to `grace` to finish.
pub async fn serve<E>(
    listener: TcpListener,
    endpoint: E,
    bounds: ServerLimits,
    stop: impl Future<Output = ()>,
    grace: Duration,
) -> io::Result<()>
where
    E: Endpoint<Output = Response> + 'static,
{
    let most = bounds.connections.min(descriptors::room_for_connections());
    if most < bounds.connections {
        tracing::warn!(
            most,
            "fewer connections than configured: raise the limit of open files (ulimit -n)"
        );
    }
    let limits = ConnectionLimits::new(most, bounds.connections_per_address);
    let connections = Arc::new(Connections::new(endpoint, listener.local_addr()?, &bounds));
    let (stopping, stopped) = watch::channel(false);
    let mut listening = Listening::new(listener, limits);
    let mut running = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            (stream, remote, place) = listening.accept() => {
                running.spawn(connections.clone().run(stream, remote, place, stopped.clone()));
            }
            Some(_) = running.join_next() => {}
        }
    }
    drop(listening);
    let _ = stopping.send(true);
    let _ = timeout(grace, async {
        while running.join_next().await.is_some() {}
    })
    .await;
    running.shutdown().await;
    Ok(())
}
