//! Options of the run that a source needs to read a record.

use crate::import::{fields::Fields, interrupted::Interrupted, status::StatusWords};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;
use std::{path::PathBuf, sync::Arc};

/// Options of the run that a source needs to read a record.
pub struct Context {
    /// Time zone of local times without one.
    pub zone: Tz,
    pub interrupted: Interrupted,
    /// Status words that the user named.
    pub words: StatusWords,
    /// File of the records, whose time counts for a record without any.
    pub file: Arc<PathBuf>,
}

impl Context {
    /// Time of the file, for a record that has none of these times; `None` if it has one, or if the
    /// source is no file.
    pub fn time_instead_of(&self, times: &[&str], fields: &Fields) -> Option<Value> {
        let is_dated = times.iter().any(|name| fields.look(name).is_some());
        let time = if is_dated { None } else { self.file_time() };
        time.map(|time| time.to_rfc3339().into())
    }

    /// Time of the last change of the file; `None` if the source is no file.
    fn file_time(&self) -> Option<DateTime<Utc>> {
        let changed = self.file.metadata().ok()?.modified().ok()?;
        Some(changed.into())
    }
}

impl Default for Context {
    fn default() -> Self {
        Self {
            zone: Tz::UTC,
            interrupted: Interrupted::Keep,
            words: StatusWords::default(),
            file: Arc::default(),
        }
    }
}
