//! The configuration: flags, then `CALLSHEET_*` environment variables, then a TOML file, then
//! defaults. This is the only module that reads the environment.

mod archive;
mod check;
mod connections;
mod environment;
mod file;
mod flags;
mod secrets;
mod server;
mod storage;
mod values;
mod webhooks;

pub use connections::ConnectionFlags;
pub use environment::{environment_of_programs, variables};
pub use file::{keys, shows_password};
pub use flags::Flags;
pub use secrets::{admin_key, api_key};
pub use server::ServerFlags;
pub use storage::StorageFlags;
pub use webhooks::WebhookFlags;

use crate::{
    jobs::{BackupFolder, RedisOptions, Storage},
    legacy_routes::LegacyRoutes,
    network::Network,
    notify_by::NotifyBy,
    outbound::OutboundPolicy,
    server::ServerLimits,
    telemetry::LogFormat,
};
use connections::bounds;
use file::read;
use secrets::link_secret;
use std::{
    borrow::Cow,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use storage::storage;
use values::{backup_folder, base_path, legacy_routes, named, networks};
use webhooks::webhook_policy;

/// Settings in effect. The URL of the database may contain a password, so there is no `Debug`.
#[derive(Clone)]
pub struct Config {
    pub database_url: String,
    pub database_connections: u32,
    /// Redis server with the cache that the servers share, if there is one. Its URL may contain a
    /// password.
    pub redis: Option<RedisOptions>,
    pub notify_by: NotifyBy,
    /// URL of a direct connection to the database; `None` if that of the database is one.
    pub listen_url: Option<String>,
    /// Prepared statements that a connection keeps; `None` for the default, 0 for a pooler.
    pub statement_cache: Option<usize>,
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
    /// Path under which a proxy publishes the server, without a slash at its end; empty at the
    /// root.
    pub base_path: String,
    /// Proxies whose `X-Forwarded-Prefix` counts.
    pub trusted_proxies: Vec<Network>,
    /// Secret that signs links to media; `None` for a random one of this process.
    pub link_secret: Option<String>,
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
    /// Calls of older services that the server answers.
    pub legacy_routes: Vec<LegacyRoutes>,
    pub no_migrate: bool,
    /// Seconds that the server goes on answering after the signal to stop.
    pub drain_seconds: u32,
    /// Address of a server of metrics alone.
    pub metrics_listen: Option<SocketAddr>,
    /// Folder for backups, if the server makes any.
    pub backups: Option<BackupFolder>,
    /// What is allowed of webhooks besides HTTPS to public addresses.
    pub webhooks: OutboundPolicy,
    /// How long ended jobs are kept, and where they are archived.
    pub storage: Storage,
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
        detail: Cow<'static, str>,
    },
}

impl ConfigError {
    fn setting(name: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Setting {
            name,
            detail: detail.into(),
        }
    }
}

impl Config {
    /// Returns the folder in which files of results have to be; `None` to believe every result.
    pub fn results_folder(&self) -> Option<&Path> {
        self.media_dir.as_deref().filter(|_| !self.no_check_media)
    }

    pub fn load(flags: Flags, server: ServerFlags) -> Result<Self, ConfigError> {
        let file = flags
            .config
            .as_deref()
            .map(read)
            .transpose()?
            .unwrap_or_default();
        let bounds = bounds(&server.connections, &file);
        let config = Self {
            storage: storage(server.storage, &file)?,
            bounds,
            webhooks: webhook_policy(server.webhooks, &file)?,
            allowed_hosts: named(server.allowed_hosts.or(file.allowed_hosts)),
            base_path: base_path(server.base_path.or(file.base_path))?,
            link_secret: link_secret()?,
            trusted_proxies: networks(server.trusted_proxies.or(file.trusted_proxies))?,
            database_url: flags
                .database_url
                .or(file.database_url)
                .unwrap_or_else(|| "sqlite://callsheet.db".to_owned()),
            database_connections: flags
                .database_connections
                .or(file.database_connections)
                .unwrap_or(8),
            redis: flags.redis_url.or(file.redis_url).map(RedisOptions::new),
            notify_by: flags.notify_by.or(file.notify_by).unwrap_or_default(),
            listen_url: flags.listen_url.or(file.listen_url),
            statement_cache: flags.statement_cache.or(file.statement_cache),
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
            legacy_routes: legacy_routes(server.legacy_routes.or(file.legacy_routes))?,
            no_migrate: server.no_migrate || file.no_migrate.unwrap_or_default(),
            drain_seconds: server.drain_seconds.or(file.drain_seconds).unwrap_or(0),
            metrics_listen: server.metrics_listen.or(file.metrics_listen),
            backups: backup_folder(
                server.backup_dir.or(file.backup_dir),
                server.backup_every.or(file.backup_every),
                server.backup_keep.or(file.backup_keep),
            )?,
        };
        config.check()?;
        Ok(config)
    }
}
