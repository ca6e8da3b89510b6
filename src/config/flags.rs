//! Flags of all commands, and the environment variables that stand for them.

use crate::{notify_by::NotifyBy, telemetry::LogFormat};
use clap::{Args, builder::BoolishValueParser};
use std::path::PathBuf;

/// Settings of all commands that come from flags or environment variables.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Configuration")]
pub struct Flags {
    /// TOML file with settings; environment variables and flags override it
    #[arg(
        long,
        env = "CALLSHEET_CONFIG",
        hide_env_values = true,
        value_name = "FILE",
        global = true
    )]
    pub config: Option<PathBuf>,
    /// URL of the database: sqlite://PATH or postgres://USER@HOST/NAME [default:
    /// sqlite://callsheet.db]
    #[arg(
        long,
        env = "CALLSHEET_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        global = true
    )]
    pub database_url: Option<String>,
    /// Maximum number of connections to the database [default: 8]
    #[arg(
        long,
        env = "CALLSHEET_DATABASE_CONNECTIONS",
        hide_env_values = true,
        value_name = "N",
        global = true
    )]
    pub database_connections: Option<u32>,
    /// URL of a direct connection to the same PostgreSQL, for notices and migrations, where
    /// --database-url leads through a pooler [default: --database-url]
    #[arg(
        long,
        env = "CALLSHEET_LISTEN_URL",
        hide_env_values = true,
        value_name = "URL",
        global = true
    )]
    pub listen_url: Option<String>,
    /// Prepared statements that each connection to PostgreSQL keeps; 0 for a pooler in transaction
    /// mode [default: 100]
    #[arg(
        long,
        env = "CALLSHEET_STATEMENT_CACHE",
        hide_env_values = true,
        value_name = "N",
        global = true
    )]
    pub statement_cache: Option<usize>,
    /// URL of a Redis server whose cache the servers of a PostgreSQL database share:
    /// redis://USER:PASSWORD@HOST/NUMBER [default: none]
    #[arg(
        long,
        env = "CALLSHEET_REDIS_URL",
        hide_env_values = true,
        value_name = "URL",
        global = true
    )]
    pub redis_url: Option<String>,
    /// Carrier of the notices of changes to other servers: auto (PostgreSQL, if the database is
    /// one), postgres, redis or none [default: auto]
    #[arg(
        long,
        env = "CALLSHEET_NOTIFY_BY",
        hide_env_values = true,
        hide_possible_values = true,
        value_name = "CARRIER",
        global = true
    )]
    pub notify_by: Option<NotifyBy>,
    /// Log filter, e.g. callsheet=debug for every request [default: warn,callsheet=info]
    #[arg(
        long,
        env = "CALLSHEET_LOG",
        hide_env_values = true,
        value_name = "FILTER",
        global = true
    )]
    pub log: Option<String>,
    /// Format of the log: text, or json for one JSON object a line [default: text]
    #[arg(
        long,
        env = "CALLSHEET_LOG_FORMAT",
        hide_env_values = true,
        hide_possible_values = true,
        value_name = "FORMAT",
        global = true
    )]
    pub log_format: Option<LogFormat>,
    /// Let the group read the files that are made: a SQLite database, exports and reports
    #[arg(long, env = "CALLSHEET_GROUP_READABLE", hide_env_values = true, global = true, value_parser = BoolishValueParser::new())]
    pub group_readable: bool,
}
