//! Address of a source as the user named it: a path or a server.

use super::{
    super::{
        reject::{Reason, Reject},
        secrets,
    },
    file, postgres, redis,
};
use crate::shown_url::shown_url;
use std::path::{Path, PathBuf};

pub enum SourceAddress<'a> {
    Path(&'a Path),
    Postgres(&'a str),
    Redis(&'a str),
    /// A URL with a scheme that the importer cannot read.
    Unknown(&'a str),
}

impl<'a> SourceAddress<'a> {
    pub fn of(named: &'a Path) -> Self {
        let text = named.to_str().unwrap_or_default();
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => SourceAddress::Postgres(text),
            Some(("redis" | "rediss", _)) => SourceAddress::Redis(text),
            Some((scheme, _)) if is_scheme(scheme) => SourceAddress::Unknown(text),
            _ => SourceAddress::Path(named),
        }
    }
}

fn is_scheme(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Reject of a URL that the importer cannot read.
pub fn unknown(url: &str) -> Reject {
    let scheme = url.split("://").next().unwrap_or_default();
    let detail = format!(
        "Nothing is read from {scheme}:// addresses: name a file, a folder, or a redis:// or \
        postgres:// address."
    );
    Reject::new(Reason::Unreachable, detail)
}

/// The source without its password, for reports.
pub fn shown(named: &Path) -> PathBuf {
    match SourceAddress::of(named) {
        // A path without a file may be a malformed URL that contains a password.
        SourceAddress::Path(path) if path.symlink_metadata().is_err() && may_tell(path) => {
            shown_url(path.to_str().unwrap_or_default()).into()
        }
        SourceAddress::Path(path) => path.to_owned(),
        SourceAddress::Postgres(url) | SourceAddress::Redis(url) | SourceAddress::Unknown(url) => {
            secrets::hidden(&shown_url(url)).into()
        }
    }
}

fn may_tell(path: &Path) -> bool {
    let text = path.to_string_lossy().to_ascii_lowercase();
    text.contains("passw") || (text.contains('@') && text.contains(':'))
}

/// Checks that the source can be opened.
pub async fn look(named: &Path) -> Result<(), Reject> {
    match SourceAddress::of(named) {
        SourceAddress::Postgres(url) => postgres::open(url).await.map(drop),
        SourceAddress::Redis(url) => redis::open(url).await.map(drop),
        SourceAddress::Unknown(url) => Err(unknown(url)),
        SourceAddress::Path(path) if path.is_dir() => {
            let unreadable = |error| {
                Reject::new(
                    Reason::UnreadableFile,
                    format!("The folder cannot be read: {error}."),
                )
            };
            std::fs::read_dir(path).map(drop).map_err(unreadable)
        }
        SourceAddress::Path(path) => file::look(path),
    }
}
