//! What a source is that was named: a path, or a server.

use super::{
    super::{
        reject::{Reason, Reject},
        secrets,
    },
    file, postgres, redis,
};
use crate::db::without_password;
use std::path::{Path, PathBuf};

pub enum Place<'a> {
    Path(&'a Path),
    Postgres(&'a str),
    Redis(&'a str),
}

impl<'a> Place<'a> {
    pub fn of(named: &'a Path) -> Self {
        let text = named.to_str().unwrap_or_default();
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Place::Postgres(text),
            Some(("redis" | "rediss", _)) => Place::Redis(text),
            _ => Place::Path(named),
        }
    }
}

/// The source as it may be shown: a URL without its password.
pub fn shown(named: &Path) -> PathBuf {
    match Place::of(named) {
        Place::Path(path) => path.to_owned(),
        // A password may also stand behind the address, as a parameter.
        Place::Postgres(url) | Place::Redis(url) => secrets::hidden(&without_password(url)).into(),
    }
}

/// Whether the source can be read at all.
pub async fn look(named: &Path) -> Result<(), Reject> {
    match Place::of(named) {
        Place::Postgres(url) => postgres::open(url).await.map(drop),
        Place::Redis(url) => redis::open(url).await.map(drop),
        Place::Path(path) if path.is_dir() => {
            let unreadable =
                |error| Reject::new(Reason::UnreadableFile, format!("The folder cannot be read: {error}."));
            std::fs::read_dir(path).map(drop).map_err(unreadable)
        }
        Place::Path(path) => file::look(path),
    }
}
