//! Limits of connections.

use super::file::File;
use crate::server::ServerLimits;
use clap::Args;
use std::time::Duration;

/// Time limits for clients, and limits on the number of connections.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Limits of connections")]
pub struct ConnectionFlags {
    /// Seconds in which the header of a request has to arrive [default: 15]
    #[arg(
        long,
        env = "CALLSHEET_HEADER_TIMEOUT",
        hide_env_values = true,
        value_name = "SECONDS"
    )]
    pub header_timeout: Option<u64>,
    /// Seconds that a connection may be idle between two requests [default: 75]
    #[arg(
        long,
        env = "CALLSHEET_IDLE_TIMEOUT",
        hide_env_values = true,
        value_name = "SECONDS"
    )]
    pub idle_timeout: Option<u64>,
    /// Seconds that a request body may be behind --min-body-rate [default: 30]
    #[arg(
        long,
        env = "CALLSHEET_BODY_TIMEOUT",
        hide_env_values = true,
        value_name = "SECONDS"
    )]
    pub body_timeout: Option<u64>,
    /// Minimum bytes per second of a request body; 0 for no minimum [default: 1024]
    #[arg(
        long,
        env = "CALLSHEET_MIN_BODY_RATE",
        hide_env_values = true,
        value_name = "BYTES"
    )]
    pub min_body_rate: Option<u32>,
    /// Maximum number of connections; fewer if the limit of open files is lower [default: 10000]
    #[arg(
        long,
        env = "CALLSHEET_MAX_CONNECTIONS",
        hide_env_values = true,
        value_name = "N"
    )]
    pub max_connections: Option<usize>,
    /// Maximum number of connections per client address; 0 for no limit [default: 64, and no limit
    /// for this machine itself]
    #[arg(
        long,
        env = "CALLSHEET_MAX_CONNECTIONS_PER_ADDRESS",
        hide_env_values = true,
        value_name = "N"
    )]
    pub max_connections_per_address: Option<usize>,
}

/// Returns the limits of connections: of the flags, else of the file, else the defaults.
pub fn bounds(flags: &ConnectionFlags, file: &File) -> ServerLimits {
    let defaults = ServerLimits::default();
    let seconds = |flag: Option<u64>, file: Option<u64>, default| {
        flag.or(file).map_or(default, Duration::from_secs)
    };
    ServerLimits {
        header: seconds(flags.header_timeout, file.header_timeout, defaults.header),
        idle: seconds(flags.idle_timeout, file.idle_timeout, defaults.idle),
        body: seconds(flags.body_timeout, file.body_timeout, defaults.body),
        body_rate: flags
            .min_body_rate
            .or(file.min_body_rate)
            .unwrap_or(defaults.body_rate),
        connections: flags
            .max_connections
            .or(file.max_connections)
            .unwrap_or(defaults.connections),
        connections_per_address: flags
            .max_connections_per_address
            .or(file.max_connections_per_address),
    }
}
