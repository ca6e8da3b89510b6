//! The `callsheet import` command.

mod report;

use super::{
    Failure,
    import_progress::Progress,
    out::{note, say},
};
use crate::{
    app::App,
    db::sqlite_file,
    import::{
        self, DiskReserve, Format, Interrupted, Mapping, OnConflict, Options, Outcome,
        RecordOutcome, SourceKind, StatusWords, StopReason,
    },
};
use chrono_tz::Tz;
use clap::{Args, builder::PossibleValuesParser};
use report::{line, print};
use std::{path::PathBuf, process::ExitCode, sync::Arc};
use tokio::signal::unix::{SignalKind, signal};

/// Exit code if the import is complete but some records were rejected.
const SOME_REJECTED: u8 = 3;

/// Exit code after a second Ctrl-C, by the convention of shells.
const INTERRUPTED: i32 = 130;

impl Arguments {
    /// Checks what the parser of the command line cannot, before a database is opened.
    pub fn check(&self) -> Result<(), Failure> {
        mapping(self)?;
        words(&self.status).map(drop)
    }
}

#[derive(Args)]
pub struct Arguments {
    /// Dumps, folders and databases of older stores, or exports of Callsheet; the importer
    /// recognises each record by its fields
    #[arg(required_unless_present = "explain", value_name = "SOURCE")]
    files: Vec<PathBuf>,
    /// Store that all sources come from, which turns recognition off; or json, sqlite or csv for a
    /// store that --map describes
    #[arg(long, value_name = "STORE", value_parser = source())]
    from: Option<String>,
    /// Fields of the store and of a job, as THEIRS=OURS,...: id=job_id,videoUrl=result.video_path
    #[arg(long, value_name = "MAP")]
    map: Vec<String>,
    /// Job type of the records that have none, with --from json, sqlite or csv
    #[arg(long = "type", value_name = "TYPE")]
    job_type: Option<String>,
    /// Table of a SQLite file, with --from sqlite
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
    /// Meaning of a status word, as WORD=STATUS: done=completed
    #[arg(long, value_name = "WORD=STATUS")]
    status: Vec<String>,
    /// Say what the file looks like and propose a map of its fields; imports nothing
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    pub explain: Option<PathBuf>,
    /// Time zone of local times that have none, e.g. America/New_York
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    source_tz: Tz,
    /// How to import jobs that were processing in a store whose process is gone
    #[arg(long, value_name = "WHAT", default_value = "keep", value_parser = interrupted())]
    interrupted: String,
    /// How to import a job whose id already exists: leave it unchanged, add the values that it
    /// lacks, or overwrite it with the record
    #[arg(long, value_name = "WHAT", default_value = "skip", value_parser = on_conflict())]
    on_conflict: String,
    /// Read and check everything, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// File to write every reject and repair to, as JSON, each with its file and its key or row
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Bytes to leave free on the disk of the database [default: 536870912, or a fifth of a smaller
    /// disk]
    #[arg(long, value_name = "N")]
    min_free_disk_bytes: Option<u64>,
    /// Print a line for every record, not only for rejected ones
    #[arg(long, short)]
    verbose: bool,
    /// Print only the totals
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
}

/// Says what a file looks like; needs no database.
pub async fn explain(file: PathBuf) -> Result<ExitCode, Failure> {
    let explained = tokio::task::spawn_blocking(move || import::explain(&file)).await;
    let explained = explained.map_err(|error| Failure::Other(error.to_string()))?;
    say(explained.map_err(|reject| Failure::Other(reject.detail))?)?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the map of the arguments; `None` for a known store.
fn mapping(arguments: &Arguments) -> Result<Option<Arc<Mapping>>, Failure> {
    let format = arguments
        .from
        .as_deref()
        .and_then(|name| name.parse::<Format>().ok());
    let Some(format) = format else {
        let given = [
            ("--map", !arguments.map.is_empty()),
            ("--type", arguments.job_type.is_some()),
            ("--table", arguments.table.is_some()),
        ];
        return match given.iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) => Err(Failure::Usage(format!(
                "{name} needs --from json, --from sqlite or --from csv: the known stores need no map"
            ))),
            None => Ok(None),
        };
    };
    if arguments.table.is_some() && format != Format::Sqlite {
        return Err(Failure::Usage("--table needs --from sqlite".to_owned()));
    }
    let (table, job_type) = (arguments.table.clone(), arguments.job_type.clone());
    let mapping = Mapping::new(format, table, job_type, &arguments.map).map_err(Failure::Usage)?;
    Ok(Some(Arc::new(mapping)))
}

fn words(pairs: &[String]) -> Result<StatusWords, Failure> {
    let mut words = StatusWords::default();
    for pair in pairs.iter().flat_map(|pairs| pairs.split(',')) {
        words.add(pair).map_err(Failure::Usage)?;
    }
    Ok(words)
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    arguments
        .report
        .iter()
        .try_for_each(|report| super::spare_database(&app, report))?;
    let (quiet, verbose) = (arguments.quiet, arguments.verbose);
    let mapping = mapping(&arguments)?;
    let options = Options {
        mapping,
        words: words(&arguments.status)?,
        source: arguments.from.and_then(|name| name.parse().ok()),
        source_tz: arguments.source_tz,
        interrupted: arguments.interrupted.parse().unwrap_or_default(),
        on_conflict: arguments.on_conflict.parse().unwrap_or_default(),
        dry_run: arguments.dry_run,
        report: arguments.report,
        room: room(&app, arguments.min_free_disk_bytes, arguments.dry_run),
        ..Options::new(arguments.files)
    };
    let stop = options.stop.clone();
    let mut interrupts = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        interrupts.recv().await;
        note("stopping after the current batch of records; press Ctrl-C again to stop at once");
        stop.request();
        interrupts.recv().await;
        // The database rolls back the transactions that are not finished.
        std::process::exit(INTERRUPTED);
    });
    let mut progress = Progress::begin(&options.files, quiet);
    let mut tell = |outcome: &Outcome| {
        if !quiet && (verbose || matches!(outcome.kind, RecordOutcome::Rejected(_))) {
            progress.above(&line(outcome));
        }
        progress.step(outcome);
    };
    let outcome = import::run(&app.jobs, &options, &mut tell).await;
    progress.end();
    let report = outcome.map_err(|e| Failure::Other(e.to_string()))?;
    print(&report);
    match report.stopped {
        None => {}
        Some(StopReason::Requested) => {
            let message = "the import was stopped; the imported jobs are complete: run it again \
                to import the rest";
            return Err(Failure::Other(message.into()));
        }
        Some(reason) => return Err(Failure::Other(reason.sentence())),
    }
    Ok(if report.total.rejected > 0 {
        ExitCode::from(SOME_REJECTED)
    } else {
        ExitCode::SUCCESS
    })
}

/// Returns the disk space to leave free. A dry run writes nothing, so it checks no disk.
fn room(app: &App, free: Option<u64>, dry_run: bool) -> DiskReserve {
    let database = sqlite_file(&app.config.database_url).filter(|_| !dry_run);
    DiskReserve {
        free,
        places: database.into_iter().collect(),
    }
}

fn source() -> PossibleValuesParser {
    let formats = Format::ALL.map(Format::name);
    PossibleValuesParser::new(
        SourceKind::ALL
            .map(SourceKind::name)
            .into_iter()
            .chain(formats),
    )
}

fn interrupted() -> PossibleValuesParser {
    PossibleValuesParser::new(Interrupted::ALL.map(Interrupted::name))
}

fn on_conflict() -> PossibleValuesParser {
    PossibleValuesParser::new(OnConflict::ALL.map(OnConflict::name))
}

fn zone(text: &str) -> Result<Tz, String> {
    text.parse()
        .map_err(|_| "use a name of the IANA time zone database, e.g. Europe/Berlin".to_owned())
}
