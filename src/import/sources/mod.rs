//! Legacy stores, one per file. Each source recognises its records by their fields, and reads one
//! into a [`Record`].
//!
//! A new store needs a new file, a variant of [`SourceKind`] and its line in
//! [`SourceKind::source`].

pub mod callsheet;
mod comic;
mod draftmaker;
mod firestore;
mod items;
mod shots;
pub mod topclip;
mod vedo_cache;
mod vedo_jobs;
mod vedo_pipeline;
mod vedo_table;
mod web2img;

use super::{
    fields::Fields,
    interrupted::Interrupted,
    record::Record,
    reject::{Reason, Reject},
    status::StatusWords,
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};
use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

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
    /// Time of the last change of the file; `None` if the source is no file.
    pub fn file_time(&self) -> Option<DateTime<Utc>> {
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

pub trait Source: Sync {
    /// Name in `--from`, and in the `source` of a job.
    fn name(&self) -> &'static str;

    /// Names of the fields that a record of the store may have.
    fn fields(&self) -> &'static [&'static str];

    /// Whether a record with these fields belongs to this store. At most one source recognises a
    /// record.
    fn recognises(&self, record: &Map<String, Value>) -> bool;

    /// Names of members that are a secret only in this store.
    fn secrets(&self) -> &'static [&'static str] {
        &[]
    }

    /// Converts the record to the form that `read` expects, if its text has information that its
    /// members lack.
    fn arrange(&self, _record: &mut Map<String, Value>, _raw: &[u8]) {}

    /// Reads a record. `key` is the record's key, if it was in an object by id. Callsheet's own
    /// export does not use this function: [`callsheet::rows`] takes its rows unchanged.
    fn read(
        &self,
        _key: Option<&str>,
        _record: Map<String, Value>,
        _context: &Context,
    ) -> Result<Record, Reject> {
        Err(Reject::new(
            Reason::UnknownShape,
            format!("Records of {} cannot be read this way.", self.name()),
        ))
    }
}

/// Stores that only the user's map tells; [`super::mapping`] reads their records.
struct Mapped;

impl Source for Mapped {
    fn name(&self) -> &'static str {
        "mapped"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[]
    }

    fn recognises(&self, _: &Map<String, Value>) -> bool {
        false
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    VedoJobs,
    VedoPipeline,
    VedoCache,
    VedoTable,
    Web2img,
    Topclip,
    Comic,
    Draftmaker,
    Callsheet,
    /// Any other store, by the user's map.
    Mapped,
}

impl SourceKind {
    /// The known stores.
    pub const ALL: [SourceKind; 9] = [
        SourceKind::VedoJobs,
        SourceKind::VedoPipeline,
        SourceKind::VedoCache,
        SourceKind::VedoTable,
        SourceKind::Web2img,
        SourceKind::Topclip,
        SourceKind::Comic,
        SourceKind::Draftmaker,
        SourceKind::Callsheet,
    ];

    pub fn source(self) -> &'static dyn Source {
        match self {
            SourceKind::VedoJobs => &vedo_jobs::VedoJobs,
            SourceKind::VedoPipeline => &vedo_pipeline::VedoPipeline,
            SourceKind::VedoCache => &vedo_cache::VedoCache,
            SourceKind::VedoTable => &vedo_table::VedoTable,
            SourceKind::Web2img => &web2img::Web2img,
            SourceKind::Topclip => &topclip::Topclip,
            SourceKind::Comic => &comic::Comic,
            SourceKind::Draftmaker => &draftmaker::Draftmaker,
            SourceKind::Callsheet => &callsheet::Callsheet,
            SourceKind::Mapped => &Mapped,
        }
    }

    pub fn name(self) -> &'static str {
        self.source().name()
    }

    /// Finds the store of a record by its fields.
    pub fn recognise(record: &Map<String, Value>) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.source().recognises(record))
    }

    /// Whether the records of any store have a field of this name.
    pub fn knows_field(name: &str) -> bool {
        Self::ALL
            .into_iter()
            .any(|kind| kind.source().fields().contains(&name))
    }

    /// Names of all stores, for messages.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SourceKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("unknown source `{name}`; use one of: {}", Self::names()))
    }
}

/// Result of a record whose store may keep only a `video_path`, beside the other fields.
fn result_of(fields: &mut Fields) -> Option<Map<String, Value>> {
    let mut result = fields.object("result").unwrap_or_default();
    if let Some(path) = fields.take("video_path") {
        match result.get("video_path") {
            Some(other) if *other != path => fields.legacy.keep("video_path", path),
            Some(_) => {}
            None => drop(result.insert("video_path".into(), path)),
        }
    }
    (!result.is_empty()).then_some(result)
}

/// Names under which a record may tell its own type, which no store may replace.
const TYPES: [&str; 5] = ["type", "job_type", "pipeline_type", "kind", "task_type"];

/// Whether the record tells its own type.
fn has_type(record: &Map<String, Value>) -> bool {
    TYPES.iter().any(|name| has(record, name))
}

/// Number of these names that the record has, even with a null.
fn count_of(record: &Map<String, Value>, names: &[&str]) -> usize {
    names.iter().filter(|name| knows(record, name)).count()
}

/// Whether the record has a value under the name that is not null.
fn has(record: &Map<String, Value>, name: &str) -> bool {
    record.get(name).is_some_and(|v| !v.is_null())
}

/// Whether the record has the name, even with a null.
fn knows(record: &Map<String, Value>, name: &str) -> bool {
    record.contains_key(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_is_of_one_store_at_most() {
        let shapes = [
            (
                SourceKind::VedoJobs,
                json!({"job_id": "a", "type": "idea2video", "status": "queued", "request": {}, "shots": []}),
            ),
            (
                SourceKind::VedoPipeline,
                json!({"job_id": "a", "pipeline_type": "idea2video", "status": "x", "request_data": {}}),
            ),
            (
                SourceKind::VedoCache,
                json!({"job_id": "a", "mode": "idea", "status": "queued", "content": "c"}),
            ),
            (
                SourceKind::VedoTable,
                json!({"id": "a", "job_type": "x", "mode": "idea", "status": "queued", "result_data": null}),
            ),
            (
                SourceKind::Web2img,
                json!({"job_id": "a", "items": {}, "config": {}, "status": "pending", "priority": "low"}),
            ),
            (
                SourceKind::Topclip,
                json!({"job_id": "a", "status": "queued", "progress": "0", "clips_count": "0", "plan": "free"}),
            ),
            (
                SourceKind::Comic,
                json!({"job_id": "a", "status": "queued", "total_items": 1, "processed_items": 0, "results": [], "created_at": 1.5}),
            ),
            (
                SourceKind::Draftmaker,
                json!({"job_id": "a", "status": "pending", "gcs_path": "gs://a", "results": []}),
            ),
            (
                SourceKind::Draftmaker,
                json!({"job_id": "a", "status": "pending", "type": "x", "total_items": 1, "processed_items": 0, "successful_items": 0, "error_log": []}),
            ),
        ];
        for (kind, shape) in shapes {
            let record = shape.as_object().unwrap();
            let kinds: Vec<_> = SourceKind::ALL
                .into_iter()
                .filter(|kind| kind.source().recognises(record))
                .collect();
            assert_eq!(kinds, [kind], "{shape}");
        }
    }

    #[test]
    fn a_record_of_another_program_is_of_none() {
        for record in [
            json!({"job_id": "x", "mode": "txt2img", "status": "completed", "prompt": "red kettle"}),
            json!({"job_id": "x", "mode": "turbo", "status": "completed"}),
            json!({"id": 1, "type": "upscale", "status": "running", "current_step": "Upload"}),
            json!({"id": 1, "status": "running", "current_step": "Upload"}),
            json!({"id": 1, "status": "pending", "youtube_url": "https://video.example/a"}),
            json!({"id": 1, "type": "resize", "status": "done", "total_items": 9, "processed_items": 3}),
            json!({"id": 1, "job_type": "animation", "status": "done", "input_data": {}, "result_data": {}}),
            json!({"id": 1, "status": "done", "gcs_path": "gs://b/out.mp4"}),
            json!({"id": 1, "type": "render", "status": "done", "working_dir": "/tmp/x"}),
            json!({"id": 1, "type": "render", "status": "done", "request": {"frames": 3}}),
            json!({"id": 1, "type": "batch", "status": "done", "items": [{"id": 1, "status": "ok"}]}),
            json!({"id": 1, "status": "done", "items": [{"id": 1, "status": "ok", "weight": 3}]}),
            json!({"id": 1, "status": "done", "items": ["a"]}),
            json!({"id": 1, "status": "done", "pipeline_type": "etl"}),
        ] {
            assert_eq!(
                SourceKind::recognise(record.as_object().unwrap()),
                None,
                "{record}"
            );
        }
    }

    #[test]
    fn a_name_leads_back_to_its_source() {
        for kind in SourceKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert!(
            "vedo"
                .parse::<SourceKind>()
                .unwrap_err()
                .contains("vedo-jobs, vedo-pipeline, vedo-cache")
        );
    }
}
