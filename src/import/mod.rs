//! Brings the jobs of older stores along: reads their dumps, tells of each record what became of it, and writes what
//! it can.
//!
//! A file is split into records ([`split`]), each record is read by the source that knows it ([`sources`]) into one
//! shape ([`record`]) by rules that stand in one table each ([`status`], [`times`], [`progress`], [`names`]), and
//! written in batches ([`load`]). What has no column is kept in the job's `context` ([`kept`]); what can't be taken is
//! kept in `import_rejects`, with its raw text and a [`Reason`]. Running again changes nothing.

mod fields;
mod interrupted;
mod kept;
mod load;
mod mend;
mod names;
mod progress;
mod read;
mod record;
mod reject;
mod report;
mod secrets;
mod seen;
mod sources;
mod split;
mod status;
mod text;
mod times;

pub use interrupted::Interrupted;
pub use kept::Repair;
pub use reject::{Reason, Reject};
pub use report::{At, Counts, Fate, FileReport, Outcome, Report};
pub use sources::SourceKind;

use crate::{error::Error, jobs::JobManager};
use chrono_tz::Tz;
use load::Target;
use read::Reading;
use seen::Seen;
use serde_json::json;
use std::{path::PathBuf, sync::Arc};

#[derive(Clone, Debug)]
pub struct Options {
    pub files: Vec<PathBuf>,
    /// The store that all files are of. `None`: each record is recognised by its fields.
    pub source: Option<SourceKind>,
    /// The zone of local times that name none. Stores that are known to write UTC are not touched by it.
    pub source_tz: Tz,
    /// What becomes of jobs that the store left processing.
    pub interrupted: Interrupted,
    /// Reads and checks everything and writes nothing.
    pub dry_run: bool,
}

impl Options {
    /// UTC, no source named, no dry run.
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self { files, source: None, source_tz: Tz::UTC, interrupted: Interrupted::Keep, dry_run: false }
    }
}

/// Why a run did not come to its end. A record that can't be taken is no such reason.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("there is nothing to import: name one or more files")]
    NoFiles,
    #[error("none of the files can be read. {}", listed(.0))]
    NoneReadable(Vec<(PathBuf, Reject)>),
    #[error("the import stopped: {0} What came in until then is whole, and running again does the rest.")]
    Database(#[from] Error),
}

/// Imports the files, one after the other. `told` hears of each record as soon as what became of it is certain.
///
/// The run and its rejects are kept in `imports` and `import_rejects`, unless it is a dry one.
pub async fn run(
    jobs: &JobManager,
    options: &Options,
    told: &mut (dyn FnMut(&Outcome) + Send),
) -> Result<Report, ImportError> {
    look_at_files(&options.files).await?;
    let import_id = match options.dry_run {
        true => None,
        false => Some(jobs.start_import(described(options)).await?),
    };
    let mut report = Report { import_id: import_id.clone(), ..Report::default() };
    let mut target = import_id.as_deref().map_or_else(|| Target::Nowhere(Seen::default()), Target::Run);
    let ended = load_all(jobs, options, &mut target, &mut report, told).await;
    if let Some(id) = &import_id {
        let noted = jobs.finish_import(id, ended.as_ref().err().map(Error::to_string)).await;
        // What stopped the run tells more than that its end could not be noted either.
        ended.and(noted)?;
    } else {
        ended?;
    }
    Ok(report)
}

async fn load_all(
    jobs: &JobManager,
    options: &Options,
    target: &mut Target<'_>,
    report: &mut Report,
    told: &mut (dyn FnMut(&Outcome) + Send),
) -> Result<(), Error> {
    for file in &options.files {
        report.begin(Arc::new(read::shown(file)));
        let context = sources::Context { zone: options.source_tz, interrupted: options.interrupted };
        let mut batches = read::begin(Reading { place: Arc::new(file.clone()), source: options.source, context });
        while let Some(batch) = batches.recv().await {
            for outcome in load::load(jobs, target, batch).await? {
                told(&outcome);
                report.add(outcome);
            }
        }
    }
    Ok(())
}

/// One source that can't be opened is told of like a record; when that is all there is, nothing can run.
async fn look_at_files(files: &[PathBuf]) -> Result<(), ImportError> {
    if files.is_empty() {
        return Err(ImportError::NoFiles);
    }
    let mut unreadable = Vec::new();
    for file in files {
        match read::look(file).await {
            Ok(()) => return Ok(()),
            Err(reject) => unreadable.push((read::shown(file), reject)),
        }
    }
    Err(ImportError::NoneReadable(unreadable))
}

fn listed(files: &[(PathBuf, Reject)]) -> String {
    files.iter().map(|(file, reject)| format!("{}: {}", file.display(), reject.detail)).collect::<Vec<_>>().join(" ")
}

fn described(options: &Options) -> serde_json::Value {
    // A path may hold a NUL only where no file can be opened under it.
    let files: Vec<_> = options.files.iter().map(|file| read::shown(file).display().to_string().replace('\0', "\u{fffd}")).collect();
    json!({"files": files, "from": options.source.map(SourceKind::name), "source_tz": options.source_tz.name(), "interrupted": options.interrupted.name()})
}
