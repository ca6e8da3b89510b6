//! Imports the jobs of legacy stores: reads their dumps, writes every job that it can, and reports
//! the outcome of each record.
//!
//! [`split`] finds the records of a file. The source that recognises a record ([`sources`]), or the
//! user's map of an unknown store ([`mapping`]), reads it into one common shape ([`record`]), by
//! rules with one table each ([`status`], [`times`], [`progress`], [`names`]); [`rules`] names the
//! repair rules and explains them. [`load`] writes batches. A value without a column goes to the
//! job's `context` ([`legacy`]). A record that cannot be imported goes to `import_rejects`, with its
//! raw text and a [`Reason`]. What was taken for granted is told once for all records
//! ([`assumed`]). Importing the same files again changes nothing.

mod allowance;
mod assumed;
mod background;
mod bounds;
mod disk;
mod explain;
mod fields;
mod guess;
mod identity;
mod in_flight;
mod interrupted;
mod json;
mod legacy;
mod load;
mod mapping;
mod names;
mod newest;
mod progress;
mod read;
mod record;
mod reject;
mod repair;
mod report;
mod report_file;
mod rules;
mod secrets;
mod seen;
mod sources;
mod split;
mod status;
mod stop;
mod temporary;
mod text;
mod times;

pub use crate::db::write::OnConflict;
pub use background::{Background, ImportPermit, MAX_ADMITTED, MAX_UPLOADS, Settings};
pub use disk::DiskReserve;
pub use explain::explain;
pub use interrupted::Interrupted;
pub use legacy::Repair;
pub use mapping::{Format, Mapping};
pub use read::{SqliteArguments, read_sqlite};
pub use reject::{Reason, Reject};
pub use report::{Counts, FileReport, Outcome, Position, RecordOutcome, Report};
pub use sources::SourceKind;
pub use status::StatusWords;
pub use stop::{StopFlag, StopReason};
pub use temporary::{Temporary, sweep};

use crate::{
    atomic_file,
    error::{Error, Resource},
    jobs::JobManager,
};
use allowance::RejectBudget;
use assumed::Assumed;
use chrono_tz::Tz;
use in_flight::InFlight;
use load::Loader;
use read::{Reading, RecordReader};
use report_file::{ReportFile, Sums};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::mpsc;

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
}

/// Failure of a whole run. A record that cannot be imported is an outcome, not a failure.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("there is nothing to import: name one or more files")]
    NoFiles,
    #[error(
        "the report cannot be written to {}: it is one of the sources, or lies in one, and would \
        change it. Name another file.",
        .0.display()
    )]
    ReportInSource(PathBuf),
    #[error("none of the sources can be read. {}", listed(.0))]
    NoneReadable(Vec<(PathBuf, Reject)>),
    #[error("the report {} cannot be written: {source}. What came in until then is whole.", path.display())]
    Report {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "the import stopped: {0} All jobs imported so far are complete; run the import again to \
        continue."
    )]
    Database(#[from] Error),
}

/// Maximum sources whose counts the row of a run keeps; the report file has all.
const MAX_STORED_SOURCES: usize = 1000;

/// Maximum records that a dry run by a map shows.
const MAX_PREVIEWS: usize = 5;

/// Interval at which a run checks whether it was aborted.
const ABORT_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Number of checks between two heartbeats of a run, which it also sends while it waits for a
/// source.
const CHECKS_PER_HEARTBEAT: u64 = 10;

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
    jobs.start_import(described(options)).await
}

/// Executes a run that was begun. A dry run writes only its counts and rejects.
pub async fn run_as(
    jobs: &JobManager,
    options: &Options,
    import_id: Option<&str>,
    on_outcome: &mut (dyn FnMut(&Outcome) + Send),
) -> Result<Report, ImportError> {
    let accompanied =
        import_id.map(|id| accompany(jobs.clone(), id.to_owned(), options.stop.clone()));
    let limited = options
        .time_limit
        .map(|limit| end_after(limit, options.stop.clone()));
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

/// Sends heartbeats for the run, and stops it when any server or command has aborted it, until the
/// returned value is dropped.
fn accompany(jobs: JobManager, id: String, stop: StopFlag) -> AbortOnDrop {
    AbortOnDrop(tokio::spawn(async move {
        for look in 1.. {
            tokio::time::sleep(ABORT_CHECK_INTERVAL).await;
            // The next check makes up for a failed one, and an unavailable database ends the run
            // anyway.
            if jobs.is_aborted(&id).await.is_ok_and(|aborted| aborted) {
                return stop.request_for(StopReason::Aborted);
            }
            if look % CHECKS_PER_HEARTBEAT == 0 {
                let _ = jobs.beat_import(&id).await;
            }
        }
    }))
}

/// Stops a run that exceeds its time limit.
fn end_after(limit: Duration, stop: StopFlag) -> AbortOnDrop {
    AbortOnDrop(tokio::spawn(async move {
        tokio::time::sleep(limit).await;
        let reason = format!(
            "The import took longer than the {} seconds that it may: import smaller parts, use `callsheet import`, or \
             start the server with a larger --max-import-seconds.",
            limit.as_secs()
        );
        stop.request_for(StopReason::LimitReached(reason));
    }))
}

/// A task that runs beside an import until this value is dropped.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn load_all(
    jobs: &JobManager,
    options: &Options,
    import_id: Option<&str>,
    on_outcome: &mut (dyn FnMut(&Outcome) + Send),
) -> Result<Report, ImportError> {
    let file = options
        .report
        .as_deref()
        .map(|path| ReportFile::begin(path, &described(options)))
        .transpose()?;
    let report = Report {
        import_id: import_id.map(str::to_owned),
        ..Report::default()
    };
    let mut account = OutcomeLog {
        report,
        file,
        on_outcome,
    };
    let shown = options
        .shown_as
        .as_ref()
        .map(|name| Arc::new(PathBuf::from(name)));
    let mut lanes = InFlight::new(Loader {
        jobs: jobs.clone(),
        import_id: import_id.map(str::to_owned),
        on_conflict: options.on_conflict,
        shown: shown.clone(),
        dry: options.dry_run.then(Mutex::default),
        allowance: RejectBudget::default(),
    });
    let mut ended = Ok(());
    for place in &options.files {
        account.report.begin(
            shown
                .clone()
                .unwrap_or_else(|| Arc::new(read::shown(place))),
        );
        ended = load_one(place, options, &mut lanes, &mut account).await;
        if ended.is_err() {
            break;
        }
    }
    account.report.stopped = options.stop.reason();
    let assumptions = &mut account.report.assumptions;
    assumptions.unmet = options.mapping.iter().flat_map(|map| map.unmet()).collect();
    account.report.assumed = account.report.assumptions.sentences(options.source_tz);
    account
        .file
        .map_or(Ok(()), |file| file.end(&account.report))?;
    ended.map(|()| account.report)
}

/// Imports one source. Whatever stops it, no batch is in flight when it returns.
async fn load_one(
    place: &Path,
    options: &Options,
    lanes: &mut InFlight,
    account: &mut OutcomeLog<'_>,
) -> Result<(), ImportError> {
    let context = sources::Context {
        zone: options.source_tz,
        interrupted: options.interrupted,
        words: options.words.clone(),
        ..sources::Context::default()
    };
    let reader = match (&options.mapping, options.source) {
        (Some(mapping), _) => RecordReader::Mapped(mapping.clone()),
        (None, Some(kind)) => RecordReader::Store(kind),
        (None, None) => RecordReader::ByFields,
    };
    let shown = account.report.previews.len();
    let previews = if options.dry_run && options.mapping.is_some() {
        MAX_PREVIEWS.saturating_sub(shown)
    } else {
        0
    };
    let (place, stop) = (Arc::new(place.to_owned()), options.stop.clone());
    let mut batches = read::begin(Reading {
        place,
        reader,
        previews,
        context,
        stop,
    });
    let ended = send_all(&mut batches, options, lanes, account).await;
    account.add(lanes.land_all().await)?;
    match ended {
        // The database refuses to write for an aborted run, which may show before the next check
        // does.
        Err(ImportError::Database(Error::NotFound(Resource::Import))) => {
            options.stop.request_for(StopReason::Aborted);
            Ok(())
        }
        ended => ended,
    }
}

async fn send_all(
    batches: &mut mpsc::Receiver<read::RecordBatch>,
    options: &Options,
    lanes: &mut InFlight,
    account: &mut OutcomeLog<'_>,
) -> Result<(), ImportError> {
    while let Some(mut batch) = options.stop.unless_requested(batches.recv()).await {
        account.report.assumptions.superseded += batch.superseded;
        account.report.previews.append(&mut batch.previews);
        if batch.entries.is_empty() {
            continue;
        }
        if let Some(lacking) = options.room.lacking() {
            options.stop.request_for(StopReason::LimitReached(lacking));
            break;
        }
        account.add(lanes.send(batch).await?)?;
        while lanes.are_taken() {
            account.add(lanes.land().await?)?;
        }
    }
    while !lanes.are_empty() {
        account.add(lanes.land().await?)?;
    }
    Ok(())
}

/// Destinations of the outcomes: the report, its file, and the caller.
struct OutcomeLog<'a> {
    report: Report,
    file: Option<ReportFile>,
    on_outcome: &'a mut (dyn FnMut(&Outcome) + Send),
}

impl OutcomeLog<'_> {
    fn add(&mut self, outcomes: Vec<Outcome>) -> Result<(), ImportError> {
        for outcome in outcomes {
            (self.on_outcome)(&outcome);
            self.file
                .as_mut()
                .map_or(Ok(()), |file| file.add(&outcome))?;
            self.report.add(outcome);
        }
        Ok(())
    }
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
    let mut file = ReportFile::begin(path, &described(options))?;
    let mut report = Report::default();
    for (source, reject) in unreadable {
        let source = Arc::new(source.clone());
        report.begin(source.clone());
        let fate = RecordOutcome::Rejected(reject.clone());
        let outcome = Outcome {
            file: source,
            at: Position::File,
            id: None,
            fate,
            repairs: Vec::new(),
            assumed: Assumed::default(),
            bytes: 0,
        };
        file.add(&outcome)?;
        report.add(outcome);
    }
    file.end(&report)
}

fn listed(files: &[(PathBuf, Reject)]) -> String {
    files
        .iter()
        .map(|(file, reject)| format!("{}: {}", file.display(), reject.detail))
        .collect::<Vec<_>>()
        .join(" ")
}

fn described(options: &Options) -> serde_json::Value {
    let shown = |file: &PathBuf| {
        options
            .shown_as
            .clone()
            .unwrap_or_else(|| read::shown(file).display().to_string())
    };
    // The database cannot store a NUL. No file can be opened under a path that has one.
    let files: Vec<_> = options
        .files
        .iter()
        .map(|file| shown(file).replace('\0', "\u{fffd}"))
        .collect();
    json!({
        "files": files,
        "from": options
            .mapping
            .as_ref()
            .map(|mapping| mapping.format.name())
            .or(options.source.map(SourceKind::name)),
        "map": options.mapping.as_ref().map(|mapping| mapping.to_string()),
        "source_tz": options.source_tz.name(),
        "interrupted": options.interrupted.name(),
        "on_conflict": options.on_conflict.name(),
        "dry_run": options.dry_run,
    })
}
