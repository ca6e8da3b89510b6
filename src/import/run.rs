//! A run, from its options to its report.

use super::{
    assumed::Assumed,
    import_error::ImportError,
    load_sources::load_all,
    options::Options,
    read,
    reject::Reject,
    report::{Outcome, Position, RecordOutcome, Report},
    report_file::{self, ReportFile, Sums},
    stop::StopReason,
    watchdog,
};
use crate::{atomic_file, error::Error, jobs::JobManager};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Maximum sources whose counts the row of a run keeps; the report file has all.
const MAX_STORED_SOURCES: usize = 1000;

/// Imports the files, one after the other. `on_outcome` receives the outcome of each record as soon
/// as it is final.
///
/// The run and its rejects are stored in `imports` and `import_rejects`, except those of a dry run.
pub async fn run(
    jobs: &JobManager,
    options: &Options,
    on_outcome: &mut (dyn FnMut(&Outcome) + Send),
) -> Result<Report, ImportError> {
    if let Some(report) = options
        .report
        .as_deref()
        .filter(|report| atomic_file::would_change(report, &options.files))
    {
        return Err(ImportError::ReportInSource(report.to_owned()));
    }
    look_at_files(options).await?;
    let import_id = match options.dry_run {
        true => None,
        false => Some(begin(jobs, options).await?),
    };
    run_as(jobs, options, import_id.as_deref(), on_outcome).await
}

/// Begins a run and returns its id; [`run_as`] executes it.
pub async fn begin(jobs: &JobManager, options: &Options) -> Result<String, Error> {
    // Ends earlier runs whose process is gone, so that the user sees them ended before this one.
    jobs.fail_orphaned_imports().await?;
    jobs.prune_imports(None).await?;
    jobs.start_import(options.description()).await
}

/// Executes a run that was begun. A dry run writes only its counts and rejects.
pub async fn run_as(
    jobs: &JobManager,
    options: &Options,
    import_id: Option<&str>,
    on_outcome: &mut (dyn FnMut(&Outcome) + Send),
) -> Result<Report, ImportError> {
    let accompanied =
        import_id.map(|id| watchdog::watch(jobs.clone(), id.to_owned(), options.stop.clone()));
    let limited = options
        .time_limit
        .map(|limit| watchdog::end_after(limit, options.stop.clone()));
    let ended = load_all(jobs, options, import_id, on_outcome).await;
    drop((accompanied, limited));
    let Some(id) = import_id else { return ended };
    let error = match &ended {
        Ok(report) => report.stopped.as_ref().map(StopReason::sentence),
        Err(ImportError::Database(error)) => Some(error.to_string()),
        Err(error) => Some(error.to_string()),
    };
    let report = ended.as_ref().ok().map(|report| {
        let Sums { mut sources, total } = report_file::sums(report);
        sources
            .as_array_mut()
            .into_iter()
            .for_each(|sources| sources.truncate(MAX_STORED_SOURCES));
        json!({"sources": sources, "total": total, "assumed": report.assumed})
    });
    let noted = jobs.finish_import(id, error, report).await;
    // The error that stopped the run matters more than a failure to record the end.
    let report = ended?;
    noted?;
    Ok(report)
}

/// Fails if none of the sources can be opened. If at least one can, the run reports the others as
/// rejects.
async fn look_at_files(options: &Options) -> Result<(), ImportError> {
    if options.files.is_empty() {
        return Err(ImportError::NoFiles);
    }
    let mut unreadable = Vec::new();
    for file in &options.files {
        match read::look(file).await {
            Ok(()) => return Ok(()),
            Err(reject) => unreadable.push((read::shown(file), reject)),
        }
    }
    if let Some(path) = &options.report {
        report_nothing_but(&unreadable, path, options)?;
    }
    Err(ImportError::NoneReadable(unreadable))
}

/// Writes the report of a run that could not begin.
fn report_nothing_but(
    unreadable: &[(PathBuf, Reject)],
    path: &Path,
    options: &Options,
) -> Result<(), ImportError> {
    let mut file = ReportFile::begin(path, &options.description())?;
    let mut report = Report::default();
    for (source, reject) in unreadable {
        let source = Arc::new(source.clone());
        report.begin(source.clone());
        let kind = RecordOutcome::Rejected(reject.clone());
        let outcome = Outcome {
            file: source,
            at: Position::File,
            id: None,
            kind,
            repairs: Vec::new(),
            assumed: Assumed::default(),
            bytes: 0,
        };
        file.add(&outcome)?;
        report.add(outcome);
    }
    file.end(&report)
}
