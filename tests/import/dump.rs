//! Dumps as the tests write them, and short words for importing and exporting.

use crate::support::TestApp;
use callsheet::{
    export,
    import::{self, Options, Outcome, RecordOutcome, Report},
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A sample of the repository.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/legacy")
        .join(name)
}

/// A file of its own folder, which goes with it.
pub struct Dump {
    _folder: TempDir,
    pub path: PathBuf,
}

impl Dump {
    pub fn of(content: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dump.json");
        std::fs::write(&path, content).unwrap();
        Self {
            _folder: folder,
            path,
        }
    }

    pub fn json(content: &Value) -> Self {
        Self::of(content.to_string())
    }

    pub fn options(&self) -> Options {
        Options::new(vec![self.path.clone()])
    }
}

/// A record of vedo-jobs with the members in place of its own.
pub fn job(id: &str, changed: Value) -> Value {
    let mut job = json!({
        "job_id": id,
        "type": "idea2video",
        "status": "queued",
        "created_at": "2025-06-01T12:00:00.250000",
        "updated_at": "2025-06-01T12:00:01",
        "request": {"idea": "A fox learns to ride the night train", "user_requirement": "short", "style": "Cartoon style"},
        "working_dir": ".working_dir/idea2video",
        "shots": [],
    });
    for (name, value) in changed.as_object().unwrap() {
        job[name] = value.clone();
    }
    job
}

/// The report, and the outcomes as they were told.
pub async fn import_all(bench: &TestApp, options: &Options) -> (Report, Vec<Outcome>) {
    let mut told = Vec::new();
    let report = import::run(bench, options, &mut |outcome| told.push(outcome.clone()))
        .await
        .unwrap();
    (report, told)
}

/// Imports one dump.
pub async fn import(bench: &TestApp, dump: &Dump) -> Report {
    import_all(bench, &dump.options()).await.0
}

/// The reasons of the rejects, with the place of each.
pub fn rejected(report: &Report) -> Vec<(String, &'static str)> {
    let reason = |outcome: &Outcome| match &outcome.kind {
        RecordOutcome::Rejected(reject) => Some((outcome.at.to_string(), reject.reason.as_str())),
        _ => None,
    };
    report.rejects.iter().filter_map(reason).collect()
}

/// (found, imported, already there, rejected)
pub fn counts(report: &Report) -> (u64, u64, u64, u64) {
    let c = &report.total;
    (c.found, c.imported, c.already_there, c.rejected)
}

pub async fn export_text(bench: &TestApp) -> String {
    let mut out = Vec::new();
    export::jsonl(bench, &mut out).await.unwrap();
    String::from_utf8(out).unwrap()
}

pub async fn export_jobs(bench: &TestApp) -> Vec<Value> {
    export_text(bench)
        .await
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
