//! The configuration: flags, then `CALLSHEET_*` environment variables, then a TOML file, then
//! defaults. This is the only module that reads the environment.

use crate::{
    host::{Network, is_host, is_path_prefix},
    server::ServerLimits,
    shown_url::has_password,
    telemetry::LogFormat,
};
use clap::{Args, builder::BoolishValueParser};
use serde::Deserialize;
use std::{
    ffi::OsString,
    net::{SocketAddr, ToSocketAddrs},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

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

/// Settings that only the server needs.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Configuration")]
pub struct ServerFlags {
    /// Address to listen on; port 0 takes a free port [default: 127.0.0.1:3001]
    #[arg(long, env = "CALLSHEET_LISTEN", hide_env_values = true, value_name = "ADDRESS", value_parser = address)]
    pub listen: Option<SocketAddr>,
    /// Folder whose files the server serves under /media/, read-only
    #[arg(
        long,
        env = "CALLSHEET_MEDIA_DIR",
        hide_env_values = true,
        value_name = "DIR"
    )]
    pub media_dir: Option<PathBuf>,
    /// Do not look for the files under /media/ that a result names. Without this, a result fails
    /// its attempt if such a file is missing or empty
    #[arg(long, env = "CALLSHEET_NO_CHECK_MEDIA", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub no_check_media: bool,
    /// Maximum size of a request body in bytes [default: 1048576]
    #[arg(
        long,
        env = "CALLSHEET_MAX_BODY_BYTES",
        hide_env_values = true,
        value_name = "N"
    )]
    pub max_body_bytes: Option<usize>,
    /// Maximum size of a dump uploaded for import, in bytes [default: 2147483648]
    #[arg(
        long,
        env = "CALLSHEET_MAX_UPLOAD_BYTES",
        hide_env_values = true,
        value_name = "N"
    )]
    pub max_upload_bytes: Option<u64>,
    /// Origins of web pages that may call the API, e.g. http://localhost:5173, or * for any
    /// [default: none]
    #[arg(
        long = "cors-origin",
        env = "CALLSHEET_CORS_ORIGINS",
        hide_env_values = true,
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub cors_origins: Option<Vec<String>>,
    /// Name by which clients call the server, e.g. jobs.example.com, besides localhost and its
    /// address; the server refuses a request with another name in its Host header. On a loopback
    /// address it accepts only loopback addresses and these names, on any other address every IP
    /// address and these names [default: none]
    #[arg(
        long = "allowed-host",
        env = "CALLSHEET_ALLOWED_HOSTS",
        hide_env_values = true,
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub allowed_hosts: Option<Vec<String>>,
    /// Path under which a proxy publishes the server, e.g. /callsheet; the server answers with and
    /// without it [default: none]
    #[arg(
        long,
        env = "CALLSHEET_BASE_PATH",
        hide_env_values = true,
        value_name = "PATH"
    )]
    pub base_path: Option<String>,
    /// Address or network of a proxy whose X-Forwarded-Prefix counts, e.g. 10.0.0.0/8 [default:
    /// the loopback addresses]
    #[arg(
        long = "trusted-proxy",
        env = "CALLSHEET_TRUSTED_PROXIES",
        hide_env_values = true,
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    pub trusted_proxies: Option<Vec<String>>,
    /// Jobs cached in memory for reading, at most 32 KiB each; 0 reads each from the database
    /// [default: 1000]
    #[arg(
        long,
        env = "CALLSHEET_CACHE_JOBS",
        hide_env_values = true,
        value_name = "N"
    )]
    pub cache_jobs: Option<u64>,
    /// Days that the history of a job is kept after its end; the job itself stays [default:
    /// forever]
    #[arg(
        long,
        env = "CALLSHEET_KEEP_HISTORY_DAYS",
        hide_env_values = true,
        value_name = "N"
    )]
    pub keep_history_days: Option<u32>,
    /// Log lines that are kept of a job, the newest; older ones are removed, also while it runs. 0
    /// keeps all [default: 10000]
    #[arg(
        long,
        env = "CALLSHEET_KEEP_LOG_LINES",
        hide_env_values = true,
        value_name = "N"
    )]
    pub keep_log_lines: Option<u64>,
    /// Days that an import and its rejects are kept after its end; 0 keeps them forever [default:
    /// 30]
    #[arg(
        long,
        env = "CALLSHEET_KEEP_IMPORTS_DAYS",
        hide_env_values = true,
        value_name = "N"
    )]
    pub keep_imports_days: Option<u32>,
    /// Maximum duration of an uploaded import in seconds; 0 for no limit [default: 21600]
    #[arg(
        long,
        env = "CALLSHEET_MAX_IMPORT_SECONDS",
        hide_env_values = true,
        value_name = "N"
    )]
    pub max_import_seconds: Option<u64>,
    /// Bytes that imports and uploads leave free on a disk [default: 536870912, or a fifth of a
    /// smaller disk]
    #[arg(
        long,
        env = "CALLSHEET_MIN_FREE_DISK_BYTES",
        hide_env_values = true,
        value_name = "N"
    )]
    pub min_free_disk_bytes: Option<u64>,
    /// Start on an address that other machines can reach although there are no keys, so that
    /// everyone who reaches it may do everything
    #[arg(long, env = "CALLSHEET_NO_AUTH", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub no_auth: bool,
    /// Show the API's document and /docs without a key
    #[arg(long, env = "CALLSHEET_PUBLIC_DOCS", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub public_docs: bool,
    /// Do not apply pending migrations
    #[arg(long, env = "CALLSHEET_NO_MIGRATE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub no_migrate: bool,
    /// Seconds that the server goes on answering after SIGTERM, while /health/ready answers 503, so
    /// that a proxy sends new requests elsewhere [default: 0]
    #[arg(
        long,
        env = "CALLSHEET_DRAIN_SECONDS",
        hide_env_values = true,
        value_name = "N"
    )]
    pub drain_seconds: Option<u32>,
    /// Address on which the server offers /metrics alone; /metrics is then not offered on the
    /// address of --listen [default: none]
    #[arg(long, env = "CALLSHEET_METRICS_LISTEN", hide_env_values = true, value_name = "ADDRESS", value_parser = address)]
    pub metrics_listen: Option<SocketAddr>,
    // Last, since its heading applies to all flags behind it.
    #[command(flatten)]
    pub connections: ConnectionFlags,
}

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

/// Settings in the configuration file, all of them optional.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    database_url: Option<String>,
    database_connections: Option<u32>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    group_readable: Option<bool>,
    listen: Option<SocketAddr>,
    media_dir: Option<PathBuf>,
    no_check_media: Option<bool>,
    max_body_bytes: Option<usize>,
    max_upload_bytes: Option<u64>,
    cors_origins: Option<Vec<String>>,
    allowed_hosts: Option<Vec<String>>,
    base_path: Option<String>,
    trusted_proxies: Option<Vec<String>>,
    cache_jobs: Option<u64>,
    keep_history_days: Option<u32>,
    keep_imports_days: Option<u32>,
    keep_log_lines: Option<u64>,
    max_import_seconds: Option<u64>,
    min_free_disk_bytes: Option<u64>,
    no_auth: Option<bool>,
    public_docs: Option<bool>,
    no_migrate: Option<bool>,
    drain_seconds: Option<u32>,
    metrics_listen: Option<SocketAddr>,
    header_timeout: Option<u64>,
    idle_timeout: Option<u64>,
    body_timeout: Option<u64>,
    min_body_rate: Option<u32>,
    max_connections: Option<usize>,
    max_connections_per_address: Option<usize>,
}

/// Settings in effect. The URL of the database may contain a password, so there is no `Debug`.
#[derive(Clone)]
pub struct Config {
    pub database_url: String,
    pub database_connections: u32,
    pub log: String,
    pub log_format: LogFormat,
    /// Whether the group may read the files that are made.
    pub group_readable: bool,
    pub listen: SocketAddr,
    pub media_dir: Option<PathBuf>,
    /// Whether to believe results without a look for their files in `media_dir`.
    pub no_check_media: bool,
    pub max_body_bytes: usize,
    pub max_upload_bytes: u64,
    pub cors_origins: Vec<String>,
    /// Names by which clients may call the server, besides its addresses.
    pub allowed_hosts: Vec<String>,
    /// Path under which a proxy publishes the server, without a slash at its end; empty at the root.
    pub base_path: String,
    /// Proxies whose `X-Forwarded-Prefix` counts.
    pub trusted_proxies: Vec<Network>,
    pub bounds: ServerLimits,
    pub cache_jobs: u64,
    /// Days that the history of an ended job is kept; `None` keeps it forever.
    pub keep_history_days: Option<u32>,
    /// Log lines that are kept of a job; `None` keeps all.
    pub keep_log_lines: Option<u64>,
    /// Days that an ended import is kept; `None` sets no limit by age.
    pub keep_imports_days: Option<u32>,
    /// Maximum seconds of an uploaded import; 0 for no limit.
    pub max_import_seconds: u64,
    /// Bytes to leave free on a disk; `None` means 512 MiB, or a fifth of a smaller disk.
    pub min_free_disk_bytes: Option<u64>,
    /// Whether to serve other machines without keys.
    pub no_auth: bool,
    /// Whether the API's document is for callers without a key too.
    pub public_docs: bool,
    pub no_migrate: bool,
    /// Seconds that the server goes on answering after the signal to stop.
    pub drain_seconds: u32,
    /// Address of a server of metrics alone.
    pub metrics_listen: Option<SocketAddr>,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration file {} cannot be read: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the key file {} cannot be read: {source}", path.display())]
    NoKey {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the configuration file {} is wrong: {detail}", path.display())]
    Wrong { path: PathBuf, detail: String },
    #[error("the setting {name} is wrong: {detail}")]
    Setting {
        name: &'static str,
        detail: &'static str,
    },
}

impl Config {
    pub fn load(flags: Flags, server: ServerFlags) -> Result<Self, ConfigError> {
        let file = flags
            .config
            .as_deref()
            .map(read)
            .transpose()?
            .unwrap_or_default();
        let bounds = bounds(&server.connections, &file);
        let config = Self {
            bounds,
            allowed_hosts: named(server.allowed_hosts.or(file.allowed_hosts)),
            base_path: base_path(server.base_path.or(file.base_path))?,
            trusted_proxies: networks(server.trusted_proxies.or(file.trusted_proxies))?,
            database_url: flags
                .database_url
                .or(file.database_url)
                .unwrap_or_else(|| "sqlite://callsheet.db".to_owned()),
            database_connections: flags
                .database_connections
                .or(file.database_connections)
                .unwrap_or(8),
            log: flags
                .log
                .or(file.log)
                .unwrap_or_else(|| "warn,callsheet=info".to_owned()),
            group_readable: flags.group_readable || file.group_readable.unwrap_or_default(),
            log_format: flags.log_format.or(file.log_format).unwrap_or_default(),
            listen: server
                .listen
                .or(file.listen)
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3001))),
            media_dir: server.media_dir.or(file.media_dir),
            no_check_media: server.no_check_media || file.no_check_media.unwrap_or_default(),
            max_body_bytes: server
                .max_body_bytes
                .or(file.max_body_bytes)
                .unwrap_or(1024 * 1024),
            max_upload_bytes: server
                .max_upload_bytes
                .or(file.max_upload_bytes)
                .unwrap_or(2 << 30),
            cors_origins: server
                .cors_origins
                .or(file.cors_origins)
                .unwrap_or_default(),
            cache_jobs: server.cache_jobs.or(file.cache_jobs).unwrap_or(1000),
            keep_history_days: server.keep_history_days.or(file.keep_history_days),
            keep_imports_days: Some(
                server
                    .keep_imports_days
                    .or(file.keep_imports_days)
                    .unwrap_or(30),
            )
            .filter(|n| *n > 0),
            keep_log_lines: Some(
                server
                    .keep_log_lines
                    .or(file.keep_log_lines)
                    .unwrap_or(10_000),
            )
            .filter(|n| *n > 0),
            max_import_seconds: server
                .max_import_seconds
                .or(file.max_import_seconds)
                .unwrap_or(6 * 60 * 60),
            min_free_disk_bytes: server.min_free_disk_bytes.or(file.min_free_disk_bytes),
            no_auth: server.no_auth || file.no_auth.unwrap_or_default(),
            public_docs: server.public_docs || file.public_docs.unwrap_or_default(),
            no_migrate: server.no_migrate || file.no_migrate.unwrap_or_default(),
            drain_seconds: server.drain_seconds.or(file.drain_seconds).unwrap_or(0),
            metrics_listen: server.metrics_listen.or(file.metrics_listen),
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |name, detail| Err(ConfigError::Setting { name, detail });
        if !(1..=1000).contains(&self.database_connections) {
            return wrong("database_connections", "use a number from 1 to 1000");
        }
        if self.max_body_bytes < 1024 {
            return wrong("max_body_bytes", "use at least 1024");
        }
        if self.max_upload_bytes < 1024 {
            return wrong("max_upload_bytes", "use at least 1024");
        }
        if self.media_dir.as_ref().is_some_and(|d| !d.is_dir()) {
            return wrong(
                "media_dir",
                "there is no such folder: make it first, or name another",
            );
        }
        if self
            .cors_origins
            .iter()
            .any(|o| o != "*" && !o.starts_with("http://") && !o.starts_with("https://"))
        {
            return wrong(
                "cors_origins",
                "use origins such as http://localhost:5173, or *",
            );
        }
        if self.allowed_hosts.iter().any(|name| !is_host(name)) {
            return wrong(
                "allowed_hosts",
                "use names such as jobs.example.com, without a scheme and without a port",
            );
        }
        for (name, limit) in [
            ("header_timeout", self.bounds.header),
            ("idle_timeout", self.bounds.idle),
            ("body_timeout", self.bounds.body),
        ] {
            if !(1..=86_400).contains(&limit.as_secs()) {
                return wrong(name, "use a number of seconds from 1 to 86400");
            }
        }
        if self.drain_seconds > 3600 {
            return wrong("drain_seconds", "use a number of seconds from 0 to 3600");
        }
        if self.bounds.connections == 0 {
            return wrong("max_connections", "use at least 1");
        }
        Ok(())
    }
}

/// Returns the key of an admin that `CALLSHEET_ADMIN_KEY` has, or the file that
/// `CALLSHEET_ADMIN_KEY_FILE` names. It has no flag, because flags are seen in lists of processes.
pub fn admin_key() -> Result<Option<String>, ConfigError> {
    secret("CALLSHEET_ADMIN_KEY", "CALLSHEET_ADMIN_KEY_FILE", None)
}

/// Returns the key that a worker sends: of the file, or of `CALLSHEET_API_KEY`.
pub fn api_key(file: Option<&Path>) -> Result<Option<String>, ConfigError> {
    secret("CALLSHEET_API_KEY", "CALLSHEET_API_KEY_FILE", file)
}

#[allow(
    clippy::disallowed_methods,
    reason = "this is the reader of the environment"
)]
fn secret(
    name: &'static str,
    file_name: &str,
    file: Option<&Path>,
) -> Result<Option<String>, ConfigError> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let named = file.map(Path::to_owned);
    let wrong = |detail| ConfigError::Setting { name, detail };
    let text = match named.or_else(|| set(file_name).map(PathBuf::from)) {
        Some(path) => Some(read_secret(&path)?),
        None => match set(name).map(OsString::into_string) {
            Some(Err(_)) => return Err(wrong("it is not UTF-8")),
            Some(Ok(text)) => Some(text),
            None => None,
        },
    };
    let text = text.map(|text| text.trim().to_owned());
    if text
        .as_ref()
        .is_some_and(|text| text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()))
    {
        return Err(wrong("use visible ASCII characters, without blanks"));
    }
    Ok(text)
}

fn read_secret(path: &Path) -> Result<String, ConfigError> {
    use std::os::unix::fs::PermissionsExt;
    let unreadable = |source| ConfigError::NoKey {
        path: path.to_owned(),
        source,
    };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let mode = std::fs::metadata(path)
        .map_err(unreadable)?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        crate::lines::err().say(format_args!(
            "warning: other users can read the key in {}: run chmod 600 on it",
            path.display()
        ));
    }
    Ok(text)
}

/// Environment variables that every program needs to find files and to write text, besides those of
/// the locale, which begin with `LC_`.
const INHERITED_VARIABLES: [&str; 5] = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];

/// Environment variables with the worker's own secrets, which no program gets.
const SECRET_VARIABLES: [&str; 4] = [
    "CALLSHEET_API_KEY",
    "CALLSHEET_API_KEY_FILE",
    "CALLSHEET_ADMIN_KEY",
    "CALLSHEET_DATABASE_URL",
];

/// Returns the environment variables that a worker passes to its programs: those that every program
/// needs, and those in `named`, as far as they are set and are no secrets of the worker.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the reader of the environment"
)]
pub fn environment_of_programs(named: &[String]) -> Vec<(OsString, OsString)> {
    let goes = |name: &OsString| {
        let Some(name) = name.to_str() else {
            return false;
        };
        !SECRET_VARIABLES.contains(&name)
            && (INHERITED_VARIABLES.contains(&name)
                || name.starts_with("LC_")
                || named.iter().any(|named| named == name))
    };
    std::env::vars_os().filter(|(name, _)| goes(name)).collect()
}

/// Returns the names of the environment variables that begin with `CALLSHEET_`.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the reader of the environment"
)]
pub fn variables() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names
        .filter(|name| name.starts_with("CALLSHEET_"))
        .collect()
}

/// Returns the settings that a configuration file has, whether they are known or not.
pub fn keys(path: &Path) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(
        text.parse::<toml::Table>()
            .ok()?
            .into_iter()
            .map(|(key, _)| key)
            .collect(),
    )
}

/// Permission bits of others than the owner and the group.
const OF_OTHERS: u32 = 0o007;

/// Returns whether every user of the machine can read a password in this configuration file.
pub fn shows_password(path: &Path) -> bool {
    let is_open = path
        .metadata()
        .is_ok_and(|file| file.permissions().mode() & OF_OTHERS != 0);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let table = text.parse::<toml::Table>().unwrap_or_default();
    let url = table.get("database_url").and_then(toml::Value::as_str);
    is_open && url.is_some_and(has_password)
}

/// Removes empty names: an empty environment variable means no names.
fn named(hosts: Option<Vec<String>>) -> Vec<String> {
    hosts
        .unwrap_or_default()
        .into_iter()
        .filter(|host| !host.is_empty())
        .collect()
}

/// Returns the path without a slash at its end; empty for none.
fn base_path(given: Option<String>) -> Result<String, ConfigError> {
    let path = given.unwrap_or_default().trim_end_matches('/').to_owned();
    if path.is_empty() || is_path_prefix(&path) {
        return Ok(path);
    }
    Err(ConfigError::Setting {
        name: "base_path",
        detail: "use a path such as /callsheet, of letters, digits, and - . _ ~",
    })
}

fn networks(given: Option<Vec<String>>) -> Result<Vec<Network>, ConfigError> {
    let Some(given) = given else {
        return Ok(Network::LOOPBACK.to_vec());
    };
    let wrong = |detail| ConfigError::Setting {
        name: "trusted_proxies",
        detail,
    };
    let given = named(Some(given));
    given
        .iter()
        .map(|text| text.parse().map_err(wrong))
        .collect()
}

fn bounds(flags: &ConnectionFlags, file: &File) -> ServerLimits {
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

/// Parses an address and a port, such as `127.0.0.1:3001`, `[::1]:3001` or `localhost:3001`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().ok().and_then(|mut all| all.next());
    found.ok_or_else(|| "use an address and a port, e.g. 127.0.0.1:3001".to_owned())
}

fn read(path: &Path) -> Result<File, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|error| {
        let line = error
            .span()
            .map(|span| text[..span.start].matches('\n').count() + 1);
        let place = line
            .map(|line| format!("line {line}: "))
            .unwrap_or_default();
        ConfigError::Wrong {
            path: path.to_owned(),
            detail: format!("{place}{}", error.message().replace('\n', " ")),
        }
    })
}
