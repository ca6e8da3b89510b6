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
};
use chrono_tz::Tz;
use serde_json::{Map, Value};
use std::{fmt, str::FromStr};

/// Options of the run that a source needs to read a record.
pub struct Context {
    /// Time zone of local times without one.
    pub zone: Tz,
    pub interrupted: Interrupted,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            zone: Tz::UTC,
            interrupted: Interrupted::Keep,
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
}

impl SourceKind {
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
                json!({"job_id": "a", "status": "queued", "total_items": 1, "processed_items": 0, "results": []}),
            ),
            (
                SourceKind::Draftmaker,
                json!({"job_id": "a", "status": "pending", "gcs_path": "gs://a", "results": []}),
            ),
            (
                SourceKind::Draftmaker,
                json!({"job_id": "a", "status": "pending", "type": "x", "total_items": 1, "processed_items": 0, "successful_items": 0}),
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
