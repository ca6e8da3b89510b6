//! Checks of what the settings lead to.

use super::{config::invalid, finding::Finding};
use crate::{
    config::Config,
    db::sqlite_file,
    server::{DEFAULT_CONNECTIONS, descriptor_limit},
    telemetry,
};
use std::path::Path;

/// Descriptors that a server needs besides those of its clients' connections.
const OWN_DESCRIPTORS: u64 = 100;

/// Checks the settings in effect.
pub fn check_settings(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Err(why) = telemetry::parse(&config.log) {
        found.push(invalid(why));
    }
    if config.no_auth && !config.listen.ip().is_loopback() {
        found.push(Finding::warning(
            "config.listens_wide",
            format!(
                "{} can be reached from other machines, and nothing authenticates (--no-auth).",
                config.listen
            ),
            "Make a key with `callsheet keys create --role admin`, and leave --no-auth out.",
        ));
    }
    if let Some(listen) = config.metrics_listen.filter(|a| !a.ip().is_loopback()) {
        found.push(Finding::warning(
            "config.metrics_wide",
            format!("{listen} can be reached from other machines, and its metrics need no key."),
            "Give --metrics-listen an address of a private network, or 127.0.0.1.",
        ));
    }
    if config.cors_origins.iter().any(|origin| origin == "*") {
        found.push(Finding::warning(
            "config.cors_any",
            "Pages of every web site may call the API (--cors-origin '*').",
            "Name the origins of your own pages.",
        ));
    }
    if let Some(folder) = &config.media_dir {
        found.extend(check_media(folder));
    }
    let wanted = config.bounds.connections;
    let room = descriptor_limit().saturating_sub(OWN_DESCRIPTORS);
    if wanted != DEFAULT_CONNECTIONS && room < wanted as u64 {
        found.push(Finding::warning(
            "config.descriptors",
            format!(
                "The limit of open files leaves room for {room} connections, not for the \
                {wanted} of --max-connections."
            ),
            "Raise the hard limit of open files (ulimit -Hn, LimitNOFILE= of systemd), or lower \
            --max-connections.",
        ));
    }
    let same = sqlite_file(&config.database_url).zip(config.media_dir.as_ref());
    if same.is_some_and(|(file, folder)| is_within(&file, folder)) {
        found.push(Finding::error(
            "config.database_served",
            "The database lies in the media folder, where every client can fetch it.",
            "Move the database file out of the folder of --media-dir.",
        ));
    }
    found
}

fn check_media(folder: &Path) -> Option<Finding> {
    let error = std::fs::read_dir(folder).err()?;
    Some(Finding::error(
        "config.media_unreadable",
        format!(
            "The media folder {} cannot be read: {error}.",
            folder.display()
        ),
        "Give the user of the server the permission to read it.",
    ))
}

fn is_within(file: &Path, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    real(parent.unwrap_or(Path::new(".")))
        .zip(real(folder))
        .is_some_and(|(parent, folder)| parent.starts_with(folder))
}
