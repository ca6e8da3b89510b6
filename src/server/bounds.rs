//! How long a client may take, and how many connections there may be.

use std::time::Duration;

/// The limits of the server.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// From the first byte of a request's header to its last; on a new connection, from its beginning.
    pub header: Duration,
    /// Between two requests of a connection.
    pub idle: Duration,
    /// How far a body may lag behind its least rate.
    pub body: Duration,
    /// Least bytes of a body in a second; 0 for any.
    pub body_rate: u32,
    /// Connections in all.
    pub connections: usize,
    /// Connections of one address. `None`: 64, and any number from this machine itself.
    pub connections_per_address: Option<usize>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(15),
            idle: Duration::from_secs(75),
            body: Duration::from_secs(30),
            body_rate: 1024,
            connections: 10_000,
            connections_per_address: None,
        }
    }
}
