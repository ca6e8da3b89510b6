//! Reader of a Redis server in which a service kept its jobs. SCAN finds the keys without blocking
//! the server, and a pipeline reads each page of keys. The reader never writes, and keys expire as
//! before.

mod kind;
mod record;
mod scan;

use super::{sink::RecordSink, source_address::shown};
use crate::import::{
    reject::{Reason, Reject},
    report::Position,
    seen::SeenIds,
};
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, aio::MultiplexedConnection};
use scan::Reader;
use std::{path::Path, time::Duration};
use tokio::runtime::Handle;

/// Maximum time to connect, and to wait for an answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub fn read(url: &str, sink: &mut RecordSink) {
    sink.begin(&shown(Path::new(url)));
    let read = Handle::current().block_on(open(url)).and_then(|redis| {
        let mut reader = Reader {
            redis,
            seen: SeenIds::default(),
        };
        reader.scan(sink).map_err(|error| unreachable(&error))
    });
    if let Err(reject) = read {
        sink.reject(Position::File, [], reject);
    }
}

pub async fn open(url: &str) -> Result<MultiplexedConnection, Reject> {
    if url.starts_with("rediss://") {
        let detail =
            "Redis over TLS is not supported: use a redis:// URL, for example through a tunnel.";
        return Err(Reject::new(Reason::Unreachable, detail));
    }
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(CONNECT_TIMEOUT));
    let connect = async {
        let mut redis = Client::open(url)?
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        redis::cmd("PING")
            .query_async::<()>(&mut redis)
            .await
            .map(|()| redis)
    };
    connect.await.map_err(|error| unreachable(&error))
}

fn unreachable(error: &RedisError) -> Reject {
    let detail = match error.kind() {
        ErrorKind::AuthenticationFailed => {
            format!("The Redis server rejects the user or the password: {error}.")
        }
        ErrorKind::InvalidClientConfig => {
            format!("The URL of the Redis server is invalid: {error}.")
        }
        _ => format!("The Redis server cannot be read: {error}."),
    };
    Reject::new(
        Reason::Unreachable,
        detail.trim_end_matches('.').to_owned() + ".",
    )
}
