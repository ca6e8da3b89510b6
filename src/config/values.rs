//! Values of settings that are more than a number or a text.

use super::ConfigError;
use crate::{
    jobs::BackupFolder, legacy_routes::LegacyRoutes, lifecycle::span, network::Network,
    path_prefix::is_path_prefix,
};
use chrono::TimeDelta;
use std::path::{Path, PathBuf};

/// Shortest time between two backups.
const MIN_BACKUP_PERIOD: TimeDelta = TimeDelta::minutes(1);

/// Error for a setting that names a folder which does not exist.
pub fn no_folder(name: &'static str, folder: &Path) -> ConfigError {
    let detail = format!(
        "there is no such folder as {}: make it first, or name another",
        folder.display()
    );
    ConfigError::setting(name, detail)
}

/// Removes empty names: an empty environment variable means no names.
pub fn named(hosts: Option<Vec<String>>) -> Vec<String> {
    hosts
        .unwrap_or_default()
        .into_iter()
        .filter(|host| !host.is_empty())
        .collect()
}

/// Returns the path without a slash at its end; empty for none.
pub fn base_path(given: Option<String>) -> Result<String, ConfigError> {
    let path = given.unwrap_or_default().trim_end_matches('/').to_owned();
    if path.is_empty() || is_path_prefix(&path) {
        return Ok(path);
    }
    Err(ConfigError::setting(
        "base_path",
        "use a path such as /callsheet, of letters, digits, and - . _ ~",
    ))
}

/// Returns the older services whose calls the server answers.
pub fn legacy_routes(names: Option<Vec<String>>) -> Result<Vec<LegacyRoutes>, ConfigError> {
    let Some(names) = names else {
        return Ok(LegacyRoutes::DEFAULT.to_vec());
    };
    LegacyRoutes::of_names(&names).ok_or(ConfigError::setting(
        "legacy_routes",
        "use videos, direct-pipeline, topclip, draft-maker, web2img, comic, or none",
    ))
}

/// Returns the folder of backups, if the server makes any.
pub fn backup_folder(
    path: Option<PathBuf>,
    every: Option<String>,
    keep: Option<usize>,
) -> Result<Option<BackupFolder>, ConfigError> {
    let wrong = |name, detail: &'static str| ConfigError::setting(name, detail);
    let every = every
        .filter(|text| text != "0")
        .map(|text| span(&text))
        .transpose()
        .map_err(|detail| ConfigError::setting("backup_every", detail))?;
    if every.is_some_and(|every| every < MIN_BACKUP_PERIOD) {
        return Err(wrong("backup_every", "use at least 1m"));
    }
    let Some(path) = path else {
        return match every {
            Some(_) => Err(wrong("backup_every", "name the folder with backup_dir too")),
            None => Ok(None),
        };
    };
    if !path.is_dir() {
        return Err(no_folder("backup_dir", &path));
    }
    match keep.unwrap_or(28) {
        0 => Err(wrong("backup_keep", "use at least 1")),
        keep => Ok(Some(BackupFolder { path, keep, every })),
    }
}

/// Returns the proxies that the server believes; those of this machine by default.
pub fn networks(given: Option<Vec<String>>) -> Result<Vec<Network>, ConfigError> {
    let Some(given) = given else {
        return Ok(Network::LOOPBACK.to_vec());
    };
    parsed_networks("trusted_proxies", named(Some(given)))
}

pub fn parsed_networks(
    name: &'static str,
    given: Vec<String>,
) -> Result<Vec<Network>, ConfigError> {
    let wrong = |detail: &'static str| ConfigError::setting(name, detail);
    given
        .iter()
        .map(|text| text.parse().map_err(wrong))
        .collect()
}
