//! Flags of the server, and the environment variables that stand for them.

use super::{connections::ConnectionFlags, storage::StorageFlags, webhooks::WebhookFlags};
use clap::{Args, builder::BoolishValueParser};
use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
};

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
    /// Address or network of a proxy whose X-Forwarded-Prefix and X-Forwarded-For count, e.g.
    /// 10.0.0.0/8 [default: the loopback addresses]
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
    /// Calls of older services to answer, separated by commas: videos, direct-pipeline, topclip,
    /// draft-maker, web2img, comic, or none [default: videos,direct-pipeline]
    #[arg(
        long,
        env = "CALLSHEET_LEGACY_ROUTES",
        hide_env_values = true,
        value_name = "NAMES",
        value_delimiter = ','
    )]
    pub legacy_routes: Option<Vec<String>>,
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
    /// Folder for backups, which are made with --backup-every and POST /api/v1/backups [default:
    /// none]
    #[arg(
        long,
        env = "CALLSHEET_BACKUP_DIR",
        hide_env_values = true,
        value_name = "FOLDER"
    )]
    pub backup_dir: Option<PathBuf>,
    /// Time between two backups, such as 90m, 6h or 1d; 0 makes none by itself [default: 0]
    #[arg(
        long,
        env = "CALLSHEET_BACKUP_EVERY",
        hide_env_values = true,
        value_name = "DURATION"
    )]
    pub backup_every: Option<String>,
    /// Number of backups that stay in the folder; older ones are deleted [default: 28]
    #[arg(
        long,
        env = "CALLSHEET_BACKUP_KEEP",
        hide_env_values = true,
        value_name = "N"
    )]
    pub backup_keep: Option<usize>,
    #[command(flatten)]
    pub webhooks: WebhookFlags,
    #[command(flatten)]
    pub storage: StorageFlags,
    // Last, since its heading applies to all flags behind it.
    #[command(flatten)]
    pub connections: ConnectionFlags,
}

/// Parses an address and a port, such as `127.0.0.1:3001`, `[::1]:3001` or `localhost:3001`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().ok().and_then(|mut all| all.next());
    found.ok_or_else(|| "use an address and a port, e.g. 127.0.0.1:3001".to_owned())
}
