//! The configuration file.

use super::ConfigError;
use crate::{notify_by::NotifyBy, shown_url::has_password, telemetry::LogFormat};
use serde::Deserialize;
use std::{
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Settings in the configuration file, all of them optional.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub database_url: Option<String>,
    pub database_connections: Option<u32>,
    pub redis_url: Option<String>,
    pub notify_by: Option<NotifyBy>,
    pub listen_url: Option<String>,
    pub statement_cache: Option<usize>,
    pub log: Option<String>,
    pub log_format: Option<LogFormat>,
    pub group_readable: Option<bool>,
    pub listen: Option<SocketAddr>,
    pub media_dir: Option<PathBuf>,
    pub no_check_media: Option<bool>,
    pub max_body_bytes: Option<usize>,
    pub max_upload_bytes: Option<u64>,
    pub cors_origins: Option<Vec<String>>,
    pub allowed_hosts: Option<Vec<String>>,
    pub base_path: Option<String>,
    pub trusted_proxies: Option<Vec<String>>,
    pub cache_jobs: Option<u64>,
    pub keep_history_days: Option<u32>,
    pub keep_imports_days: Option<u32>,
    pub keep_log_lines: Option<u64>,
    pub max_import_seconds: Option<u64>,
    pub min_free_disk_bytes: Option<u64>,
    pub no_auth: Option<bool>,
    pub public_docs: Option<bool>,
    pub legacy_routes: Option<Vec<String>>,
    pub no_migrate: Option<bool>,
    pub drain_seconds: Option<u32>,
    pub metrics_listen: Option<SocketAddr>,
    pub backup_dir: Option<PathBuf>,
    pub backup_every: Option<String>,
    pub backup_keep: Option<usize>,
    pub webhook_allow_http: Option<bool>,
    pub webhook_allow_nets: Option<Vec<String>>,
    pub webhook_ca: Option<PathBuf>,
    pub keep_completed: Option<String>,
    pub keep_failed: Option<String>,
    pub keep_cancelled: Option<String>,
    pub keep_then: Option<String>,
    pub keep_media: Option<bool>,
    pub archive: Option<PathBuf>,
    pub archive_endpoint: Option<String>,
    pub archive_region: Option<String>,
    pub header_timeout: Option<u64>,
    pub idle_timeout: Option<u64>,
    pub body_timeout: Option<u64>,
    pub min_body_rate: Option<u32>,
    pub max_connections: Option<usize>,
    pub max_connections_per_address: Option<usize>,
}

/// Reads a configuration file.
///
/// Errors: a sentence that names the line.
pub fn read(path: &Path) -> Result<File, ConfigError> {
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
    let url = |name| table.get(name).and_then(toml::Value::as_str);
    let names = ["database_url", "listen_url", "redis_url"].into_iter();
    let mut urls = names.filter_map(url);
    is_open && urls.any(has_password)
}
