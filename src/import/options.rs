//! Options of a run.

use super::{
    disk::DiskReserve, interrupted::Interrupted, mapping::Mapping, read, sources::SourceKind,
    status::StatusWords, stop::StopFlag,
};
use crate::db::write::OnConflict;
use chrono_tz::Tz;
use serde_json::{Value, json};
use std::{path::PathBuf, sync::Arc, time::Duration};

#[derive(Clone, Debug)]
pub struct Options {
    pub files: Vec<PathBuf>,
    /// Store of all files; `None` to recognise each record by its fields.
    pub source: Option<SourceKind>,
    /// How to read records of a store that is none of the known ones, in the user's words.
    pub mapping: Option<Arc<Mapping>>,
    /// Status words that the user named.
    pub words: StatusWords,
    /// Time zone of local times without one. Stores that are known to write UTC ignore it.
    pub source_tz: Tz,
    /// Policy for jobs that the store left processing.
    pub interrupted: Interrupted,
    /// Policy for jobs whose id exists already.
    pub on_conflict: OnConflict,
    /// Reads and checks everything, but writes nothing.
    pub dry_run: bool,
    /// File for the report, which lists every reject and repair with its file and its key or row.
    pub report: Option<PathBuf>,
    /// Name of the file in reports if its path means nothing to the user.
    pub shown_as: Option<String>,
    pub stop: StopFlag,
    /// Maximum duration of the run.
    pub time_limit: Option<Duration>,
    /// Disk space that the run leaves free.
    pub room: DiskReserve,
}

impl Options {
    /// Creates options with the defaults: UTC, no source, no dry run, existing jobs stay unchanged.
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self {
            files,
            source: None,
            mapping: None,
            words: StatusWords::default(),
            source_tz: Tz::UTC,
            interrupted: Interrupted::Keep,
            on_conflict: OnConflict::Skip,
            dry_run: false,
            report: None,
            shown_as: None,
            stop: StopFlag::default(),
            time_limit: None,
            room: DiskReserve::default(),
        }
    }

    /// Returns the options as the row of the run and its report name them.
    pub fn description(&self) -> Value {
        let shown = |file: &PathBuf| {
            self.shown_as
                .clone()
                .unwrap_or_else(|| read::shown(file).display().to_string())
        };
        // The database cannot store a NUL. No file can be opened under a path that has one.
        let files: Vec<_> = self
            .files
            .iter()
            .map(|file| shown(file).replace('\0', "\u{fffd}"))
            .collect();
        json!({
            "files": files,
            "from": self
                .mapping
                .as_ref()
                .map(|mapping| mapping.format.name())
                .or(self.source.map(SourceKind::name)),
            "map": self.mapping.as_ref().map(|mapping| mapping.to_string()),
            "source_tz": self.source_tz.name(),
            "interrupted": self.interrupted.name(),
            "on_conflict": self.on_conflict.name(),
            "dry_run": self.dry_run,
        })
    }
}
