//! Time limits for clients, and limits on the number of connections.

use std::time::Duration;

/// Maximum number of connections by default.
pub const DEFAULT_CONNECTIONS: usize = 10_000;

/// Limits on the connections of the server.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// Maximum time from the first byte of a request's header to its last; on a new connection,
    /// from its start.
    pub header: Duration,
    /// Maximum time between two requests of a connection.
    pub idle: Duration,
    /// Maximum time that a request body may be behind `body_rate`.
    pub body: Duration,
    /// Minimum bytes per second of a request body; 0 for no minimum.
    pub body_rate: u32,
    /// Maximum number of connections in total.
    pub connections: usize,
    /// Maximum number of connections per client address; 0 for no limit. `None` means 64, and no
    /// limit for this machine itself.
    pub connections_per_address: Option<usize>,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(15),
            idle: Duration::from_secs(75),
            body: Duration::from_secs(30),
            body_rate: 1024,
            connections: DEFAULT_CONNECTIONS,
            connections_per_address: None,
        }
    }
}
