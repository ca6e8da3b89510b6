//! Writes batches of records, each in one transaction, so that a run that is killed leaves whole records only. A batch
//! that the database refuses is written again record by record: one that is bad does not stop the others.

use super::{
    read::{Batch, Entry},
    reject::{Reason, Reject},
    report::{At, Fate, Outcome},
    secrets,
    seen::Seen,
};
use crate::{
    db::write::{ImportedJob, Landed},
    error::{Error, Result},
    jobs::JobManager,
};
use entity::import_reject;
use sea_orm::ActiveValue::{NotSet, Set};

/// Bytes of a rejected record that `import_rejects` keeps.
const RAW: usize = 1 << 20;

/// Where the records of a run go.
pub enum Target<'a> {
    /// Into the database, as the run with this id.
    Run(&'a str),
    /// Nowhere: a dry run. The ids that would have been written are noted, since they would be there for the next file.
    Nowhere(Seen),
}

/// Writes the batch, and answers with the outcomes in its order.
///
/// Errors: those of a database that is away. A record that it refuses is an outcome.
pub async fn load(jobs: &JobManager, target: &mut Target<'_>, batch: Batch) -> Result<Vec<Outcome>> {
    let mut records = Vec::with_capacity(batch.len());
    let mut outcomes = Vec::with_capacity(batch.len());
    for entry in &batch {
        let fate = match &entry.read {
            Ok(record) => {
                records.push(record.clone());
                Fate::Imported
            }
            Err(reject) => Fate::Rejected(reject.clone()),
        };
        let id = entry.read.as_ref().ok().map(|record| record.job.id.clone());
        outcomes.push(Outcome { file: entry.file.clone(), at: entry.at.clone(), id, fate });
    }
    let landed = match target {
        Target::Run(import_id) => write(jobs, import_id, records, &batch).await?,
        Target::Nowhere(seen) => foresee(jobs, records, seen).await?,
    };
    let awaited = outcomes.iter_mut().filter(|o| o.fate == Fate::Imported);
    awaited.zip(landed).for_each(|(outcome, fate)| outcome.fate = fate);
    Ok(outcomes)
}

async fn write(jobs: &JobManager, import_id: &str, records: Vec<ImportedJob>, batch: &Batch) -> Result<Vec<Fate>> {
    let rejects: Vec<_> = batch.iter().filter_map(|entry| reject_row(jobs, import_id, entry)).collect();
    match jobs.import_batch(import_id, records.clone(), rejects.clone()).await {
        Ok(landed) => return Ok(landed.into_iter().map(fate).collect()),
        Err(error @ Error::Unavailable(_)) => return Err(error),
        Err(_) => {}
    }
    jobs.import_batch(import_id, Vec::new(), rejects).await?;
    let good = batch.iter().filter(|entry| entry.read.is_ok());
    let mut fates = Vec::with_capacity(records.len());
    for (record, entry) in records.into_iter().zip(good) {
        fates.push(write_alone(jobs, import_id, record, entry).await?);
    }
    Ok(fates)
}

async fn write_alone(jobs: &JobManager, import_id: &str, record: ImportedJob, entry: &Entry) -> Result<Fate> {
    match jobs.import_batch(import_id, vec![record], Vec::new()).await {
        Ok(landed) => Ok(landed.into_iter().next().map_or(Fate::AlreadyThere, fate)),
        Err(error @ Error::Unavailable(_)) => Err(error),
        Err(error) => {
            let reject = Reject::new(Reason::DatabaseRefused, error.to_string());
            let row = row(jobs, import_id, entry, &reject);
            jobs.import_batch(import_id, Vec::new(), vec![row]).await?;
            Ok(Fate::Rejected(reject))
        }
    }
}

async fn foresee(jobs: &JobManager, records: Vec<ImportedJob>, seen: &mut Seen) -> Result<Vec<Fate>> {
    let ids: Vec<_> = records.into_iter().map(|record| record.job.id).collect();
    let landed = jobs.foresee_import(ids.clone()).await?;
    let again = |(id, landed): (&String, Landed)| if seen.add(id) { fate(landed) } else { Fate::AlreadyThere };
    Ok(ids.iter().zip(landed).map(again).collect())
}

fn fate(landed: Landed) -> Fate {
    match landed {
        Landed::Imported => Fate::Imported,
        Landed::AlreadyThere => Fate::AlreadyThere,
        Landed::DeletedHere => Fate::DeletedHere,
    }
}

fn reject_row(jobs: &JobManager, import_id: &str, entry: &Entry) -> Option<import_reject::ActiveModel> {
    let reject = entry.read.as_ref().err()?;
    Some(row(jobs, import_id, entry, reject))
}

fn row(jobs: &JobManager, import_id: &str, entry: &Entry, reject: &Reject) -> import_reject::ActiveModel {
    let Entry { file, at, raw, .. } = entry;
    let key = Some(at).filter(|at| **at != At::File).map(|at| storable(&at.to_string()));
    let cut =
        if raw.len() > RAW { format!(" Of the record, the first {} KiB are kept.", RAW >> 10) } else { String::new() };
    let text = secrets::hidden(&String::from_utf8_lossy(&raw[..raw.len().min(RAW)]));
    import_reject::ActiveModel {
        id: NotSet,
        import_id: Set(import_id.to_owned()),
        file: Set(storable(&file.display().to_string())),
        key: Set(key),
        reason: Set(reject.reason.as_str().to_owned()),
        detail: Set(storable(&format!("{}{cut}", reject.detail))),
        raw: Set(Some(storable(&text)).filter(|text| !text.is_empty())),
        created_at: Set(jobs.now()),
    }
}

/// PostgreSQL's text has no place for U+0000.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
