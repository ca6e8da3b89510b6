//! Brings the jobs of older stores along: reads their dumps, tells of each record what became of it, and writes what
//! it can.
//!
//! A file is split into records ([`split`]), each record is read by the source that knows it ([`sources`]) into one
//! shape ([`record`]) by rules that stand in one table each ([`status`], [`times`], [`progress`], [`names`]; what they are
//! called and mean: [`rules`]), and
//! written in batches ([`load`]). What has no column is kept in the job's `context` ([`kept`]); what can't be taken is
//! kept in `import_rejects`, with its raw text and a [`Reason`]. Running again changes nothing.

mod allowance;
mod background;
mod bounds;
mod disk;
mod fields;
mod interrupted;
mod json;
mod kept;
mod lanes;
mod load;
mod mend;
mod names;
mod progress;
mod read;
mod record;
mod reject;
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
pub use background::{Background, Place, Settings, UPLOADS, WAITING};
pub use disk::Room;
pub use interrupted::Interrupted;
pub use kept::Repair;
pub use read::{SqliteArguments, read_sqlite};
pub use reject::{Reason, Reject};
pub use report::{At, Counts, Fate, FileReport, Outcome, Report};
pub use sources::SourceKind;
pub use stop::{Stop, StopReason};
pub use temporary::{Temporary, sweep};

use crate::{
    error::{Error, Thing},
    jobs::JobManager,
    whole_file,
};
use allowance::Allowance;
use chrono_tz::Tz;
use lanes::Lanes;
use load::Loader;
use read::Reading;
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
    /// The store that all files are of. `None`: each record is recognised by its fields.
    pub source: Option<SourceKind>,
    /// The zone of local times that name none. Stores that are known to write UTC are not touched by it.
    pub source_tz: Tz,
    /// What becomes of jobs that the store left processing.
    pub interrupted: Interrupted,
    /// What becomes of a job whose id is there already.
    pub on_conflict: OnConflict,
    /// Reads and checks everything and writes nothing.
    pub dry_run: bool,
    /// Where every reject and repair is written, with its file and its key or row.
    pub report: Option<PathBuf>,
    /// What reports call the file, where its path says nothing.
    pub shown_as: Option<String>,
    pub stop: Stop,
    /// How long the run may take.
    pub time_limit: Option<Duration>,
    /// What is left free of the disk.
    pub room: Room,
}

impl Options {
    /// UTC, no source named, no dry run, and what is there stays.
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self {
            files,
            source: None,
            source_tz: Tz::UTC,
            interrupted: Interrupted::Keep,
            on_conflict: OnConflict::Skip,
            dry_run: false,
            report: None,
            shown_as: None,
            stop: Stop::default(),
            time_limit: None,
            room: Room::default(),
        }
    }
}

/// Why a run did not come to its end. A record that can't be taken is no such reason.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("there is nothing to import: name one or more files")]
    NoFiles,
    #[error(
        "the report cannot be written to {}: it is one of the sources, or lies in one, and would change it. Name another file.",
        .0.display()
    )]
    ReportInSource(PathBuf),
    #[error("none of the sources can be read. {}", listed(.0))]
    NoneReadable(Vec<(PathBuf, Reject)>),
    #[error("the report {} cannot be written: {source}. What came in until then is whole.", path.display())]
    Report { path: PathBuf, source: std::io::Error },
    #[error("the import stopped: {0} What came in until then is whole, and running again does the rest.")]
    Database(#[from] Error),
}

/// Sources whose sums the row of a run keeps; the report's file has all.
const KEPT: usize = 1000;

/// How often a run looks whether it was aborted.
const LOOK: Duration = Duration::from_secs(1);

/// After so many looks a run says that it is alive, also while a source lets it wait.
const BEAT: u64 = 10;

/// Imports the files, one after the other. `told` hears of each record as soon as what became of it is certain.
///
/// The run and its rejects are kept in `imports` and `import_rejects`, unless it is a dry one.
pub async fn run(
    jobs: &JobManager,
    options: &Options,
    told: &mut (dyn FnMut(&Outcome) + Send),
) -> Result<Report, ImportError> {
    if let Some(report) = options.report.as_deref().filter(|report| whole_file::would_change(report, &options.files)) {
        return Err(ImportError::ReportInSource(report.to_owned()));
    }
    look_at_files(options).await?;
    let import_id = match options.dry_run {
        true => None,
        false => Some(begin(jobs, options).await?),
    };
    run_as(jobs, options, import_id.as_deref(), told).await
}

/// Begins a run, of which [`run_as`] does the work.
pub async fn begin(jobs: &JobManager, options: &Options) -> Result<String, Error> {
    // Whoever imports again has an end of the last run before him.
    jobs.give_up_imports().await?;
    jobs.prune_imports(None).await?;
    jobs.start_import(described(options)).await
}

/// Does the work of a run that was begun. A dry one writes nothing but its account.
pub async fn run_as(
    jobs: &JobManager,
    options: &Options,
    import_id: Option<&str>,
    told: &mut (dyn FnMut(&Outcome) + Send),
) -> Result<Report, ImportError> {
    let accompanied = import_id.map(|id| accompany(jobs.clone(), id.to_owned(), options.stop.clone()));
    let limited = options.time_limit.map(|limit| end_after(limit, options.stop.clone()));
    let ended = load_all(jobs, options, import_id, told).await;
    drop((accompanied, limited));
    let Some(id) = import_id else { return ended };
    let error = match &ended {
        Ok(report) => report.stopped.as_ref().map(StopReason::sentence),
        Err(ImportError::Database(error)) => Some(error.to_string()),
        Err(error) => Some(error.to_string()),
    };
    let told = ended.as_ref().ok().map(|report| {
        let Sums { mut sources, total } = report_file::sums(report);
        sources.as_array_mut().into_iter().for_each(|sources| sources.truncate(KEPT));
        json!({"sources": sources, "total": total})
    });
    let noted = jobs.finish_import(id, error, told).await;
    // What stopped the run tells more than that its end could not be noted either.
    let report = ended?;
    noted?;
    Ok(report)
}

/// Says that the run goes on, and ends it when it was aborted, by whichever server or command; until it is dropped.
fn accompany(jobs: JobManager, id: String, stop: Stop) -> Beside {
    Beside(tokio::spawn(async move {
        for look in 1.. {
            tokio::time::sleep(LOOK).await;
            // One that does not get through is made up for by the next; a database that is away ends the run anyhow.
            if jobs.is_aborted(&id).await.is_ok_and(|aborted| aborted) {
                return stop.request_for(StopReason::Aborted);
            }
            if look % BEAT == 0 {
                let _ = jobs.beat_import(&id).await;
            }
        }
    }))
}

/// Ends a run that takes too long.
fn end_after(limit: Duration, stop: Stop) -> Beside {
    Beside(tokio::spawn(async move {
        tokio::time::sleep(limit).await;
        let told = format!(
            "The import took longer than the {} seconds that it may: import smaller parts, use `callsheet import`, or \
             start the server with a larger --max-import-seconds.",
            limit.as_secs()
        );
        stop.request_for(StopReason::Bound(told));
    }))
}

/// What goes on beside a run until this is dropped.
struct Beside(tokio::task::JoinHandle<()>);

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn load_all(
    jobs: &JobManager,
    options: &Options,
    import_id: Option<&str>,
    told: &mut (dyn FnMut(&Outcome) + Send),
) -> Result<Report, ImportError> {
    let file = options.report.as_deref().map(|path| ReportFile::begin(path, &described(options))).transpose()?;
    let report = Report { import_id: import_id.map(str::to_owned), ..Report::default() };
    let mut account = Account { report, file, told };
    let shown = options.shown_as.as_ref().map(|name| Arc::new(PathBuf::from(name)));
    let mut lanes = Lanes::new(Loader {
        jobs: jobs.clone(),
        import_id: import_id.map(str::to_owned),
        on_conflict: options.on_conflict,
        shown: shown.clone(),
        dry: options.dry_run.then(Mutex::default),
        allowance: Allowance::default(),
    });
    let mut ended = Ok(());
    for place in &options.files {
        account.report.begin(shown.clone().unwrap_or_else(|| Arc::new(read::shown(place))));
        ended = load_one(place, options, &mut lanes, &mut account).await;
        if ended.is_err() {
            break;
        }
    }
    account.report.stopped = options.stop.reason();
    account.file.map_or(Ok(()), |file| file.end(&account.report))?;
    ended.map(|()| account.report)
}

/// All of one source. Whatever stops it, no batch is on its way when it ends.
async fn load_one(
    place: &Path,
    options: &Options,
    lanes: &mut Lanes,
    account: &mut Account<'_>,
) -> Result<(), ImportError> {
    let context = sources::Context { zone: options.source_tz, interrupted: options.interrupted };
    let (place, stop) = (Arc::new(place.to_owned()), options.stop.clone());
    let mut batches = read::begin(Reading { place, source: options.source, context, stop });
    let ended = send_all(&mut batches, options, lanes, account).await;
    account.add(lanes.land_all().await)?;
    match ended {
        // Nothing is written of a run that was aborted: that is heard of before it is looked for.
        Err(ImportError::Database(Error::NotFound(Thing::Import))) => {
            options.stop.request_for(StopReason::Aborted);
            Ok(())
        }
        ended => ended,
    }
}

async fn send_all(
    batches: &mut mpsc::Receiver<read::Batch>,
    options: &Options,
    lanes: &mut Lanes,
    account: &mut Account<'_>,
) -> Result<(), ImportError> {
    while let Some(batch) = options.stop.unless_requested(batches.recv()).await {
        if let Some(lacking) = options.room.lacking() {
            options.stop.request_for(StopReason::Bound(lacking));
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

/// Where each outcome is told.
struct Account<'a> {
    report: Report,
    file: Option<ReportFile>,
    told: &'a mut (dyn FnMut(&Outcome) + Send),
}

impl Account<'_> {
    fn add(&mut self, outcomes: Vec<Outcome>) -> Result<(), ImportError> {
        for outcome in outcomes {
            (self.told)(&outcome);
            self.file.as_mut().map_or(Ok(()), |file| file.add(&outcome))?;
            self.report.add(outcome);
        }
        Ok(())
    }
}

/// One source that can't be opened is told of like a record; when that is all there is, nothing can run.
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

/// The report of a run that could not begin.
fn report_nothing_but(unreadable: &[(PathBuf, Reject)], path: &Path, options: &Options) -> Result<(), ImportError> {
    let mut file = ReportFile::begin(path, &described(options))?;
    let mut report = Report::default();
    for (source, reject) in unreadable {
        let source = Arc::new(source.clone());
        report.begin(source.clone());
        let fate = Fate::Rejected(reject.clone());
        let outcome = Outcome { file: source, at: At::File, id: None, fate, repairs: Vec::new(), bytes: 0 };
        file.add(&outcome)?;
        report.add(outcome);
    }
    file.end(&report)
}

fn listed(files: &[(PathBuf, Reject)]) -> String {
    files.iter().map(|(file, reject)| format!("{}: {}", file.display(), reject.detail)).collect::<Vec<_>>().join(" ")
}

fn described(options: &Options) -> serde_json::Value {
    let shown = |file: &PathBuf| options.shown_as.clone().unwrap_or_else(|| read::shown(file).display().to_string());
    // A path may hold a NUL only where no file can be opened under it.
    let files: Vec<_> = options.files.iter().map(|file| shown(file).replace('\0', "\u{fffd}")).collect();
    json!({
        "files": files,
        "from": options.source.map(SourceKind::name),
        "source_tz": options.source_tz.name(),
        "interrupted": options.interrupted.name(),
        "on_conflict": options.on_conflict.name(),
        "dry_run": options.dry_run,
    })
}
