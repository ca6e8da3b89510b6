//! Imports the sources of a run: their batches go from the readers to the loaders, and the outcomes
//! to the log.

use super::{
    allowance::RejectBudget,
    import_error::ImportError,
    in_flight::InFlight,
    load::Loader,
    options::Options,
    outcome_log::OutcomeLog,
    read::{self, Reading, RecordReader},
    report::{Outcome, Report},
    report_file::ReportFile,
    sources,
    stop::StopReason,
};
use crate::{
    error::{Error, Resource},
    jobs::JobManager,
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tokio::sync::mpsc;

/// Maximum records that a dry run by a map shows.
const MAX_PREVIEWS: usize = 5;

/// Imports all sources, one after the other.
pub async fn load_all(
    jobs: &JobManager,
    options: &Options,
    import_id: Option<&str>,
    on_outcome: &mut (dyn FnMut(&Outcome) + Send),
) -> Result<Report, ImportError> {
    let file = options
        .report
        .as_deref()
        .map(|path| ReportFile::begin(path, &options.description()))
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
