//! Writes batches of records, each in one transaction, so that a killed run leaves only whole
//! records. If the database refuses a batch, the loader writes its records one by one: a bad record
//! does not stop the others.

mod reject_row;

use super::{
    allowance::RejectBudget,
    assumed::Assumed,
    read::{self, ReadRecord},
    reject::{Reason, Reject},
    report::{Outcome, RecordOutcome},
    seen::SeenIds,
};
use crate::{
    db::write::{Imported, ImportedJob, OnConflict},
    error::{Error, Resource, Result},
    jobs::{ImportChunk, JobManager},
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// Writer of the batches of a run.
pub struct Loader {
    pub jobs: JobManager,
    /// Id of the run in `imports`; a dry run may have none.
    pub import_id: Option<String>,
    pub on_conflict: OnConflict,
    /// Name of the file in reports if its path means nothing to the user, such as that of an
    /// upload.
    pub shown: Option<Arc<PathBuf>>,
    /// Ids that a dry run would have written, which a later file would find. `None` if the run is
    /// not dry.
    pub dry: Option<Mutex<SeenIds>>,
    /// Number and size of the rejects that the run may still store.
    pub allowance: RejectBudget,
}

/// Whether the error affects all records alike, so that writing them one by one would not help.
fn is_of_all(error: &Error) -> bool {
    error.is_passing() || matches!(error, Error::Overloaded | Error::NotFound(Resource::Import))
}

impl Loader {
    /// Writes the batch, and returns the outcomes in its order.
    ///
    /// Errors: those that affect every record, such as an unavailable database or an aborted run. A
    /// record that the database refuses is an outcome.
    pub async fn load(&self, mut batch: read::RecordBatch) -> Result<Vec<Outcome>> {
        // Keeps the memory permit until everything is written.
        let _room = batch.room.take();
        let mut batch = batch.entries;
        if let Some(shown) = &self.shown {
            batch
                .iter_mut()
                .for_each(|entry| entry.file = shown.clone());
        }
        let rejects = batch
            .iter()
            .filter_map(|entry| self.kept(entry, entry.read.as_ref().err()?));
        let rejects: Vec<_> = rejects.collect();
        let rejected = batch.iter().filter(|entry| entry.read.is_err()).count();
        let mut outcomes = Vec::with_capacity(batch.len());
        let (mut records, mut good) = (
            Vec::with_capacity(batch.len()),
            Vec::with_capacity(batch.len()),
        );
        for entry in batch {
            let ReadRecord {
                file,
                at,
                raw,
                bytes,
                read,
                repairs,
                assumed,
            } = entry;
            let (id, kind) = match read {
                Ok(record) => {
                    let id = record.job.id.clone();
                    good.push((outcomes.len(), raw));
                    records.push(record);
                    (Some(id), RecordOutcome::AlreadyThere)
                }
                Err(reject) => (None, RecordOutcome::Rejected(reject)),
            };
            outcomes.push(Outcome {
                file,
                at,
                id,
                kind,
                repairs,
                assumed,
                bytes,
            });
        }
        let repaired = good
            .iter()
            .map(|(i, _)| !outcomes[*i].repairs.is_empty())
            .collect();
        let batch = ImportChunk {
            jobs: Arc::new(records),
            repaired,
            rejected,
            rejects,
        };
        let places: Vec<_> = good.iter().map(|(i, _)| *i).collect();
        match self.land(batch).await? {
            Ok(landed) => landed
                .into_iter()
                .zip(places)
                .for_each(|(landed, i)| outcomes[i].kind = outcome_of(landed)),
            Err(records) => {
                for ((i, raw), record) in good.into_iter().zip(records.iter()) {
                    self.load_alone(record, &raw, &mut outcomes[i]).await?;
                }
            }
        }
        Ok(outcomes)
    }

    /// Writes the batch and returns one result per record. If the database refuses the batch,
    /// writes only its rejects and returns the records.
    async fn land(
        &self,
        batch: ImportChunk,
    ) -> Result<std::result::Result<Vec<Imported>, Arc<Vec<ImportedJob>>>> {
        let records = batch.jobs.clone();
        let Some(import_id) = &self.import_id else {
            let landed = self.jobs.dry_run_import(&records, self.on_conflict).await?;
            return Ok(Ok(self.once(&records, landed)));
        };
        let (rejected, rejects) = (batch.rejected, batch.rejects.clone());
        match self
            .jobs
            .import_batch(import_id, self.on_conflict, self.dry.is_some(), batch)
            .await
        {
            Ok(landed) => Ok(Ok(self.once(&records, landed))),
            Err(error) if is_of_all(&error) => Err(error),
            Err(_) => {
                self.write(ImportChunk {
                    jobs: Arc::default(),
                    repaired: Vec::new(),
                    rejected,
                    rejects,
                })
                .await?;
                Ok(Err(records))
            }
        }
    }

    /// Corrects the results of a dry run, which writes nothing that a later record of the same id
    /// could find.
    fn once(&self, records: &[ImportedJob], landed: Vec<Imported>) -> Vec<Imported> {
        let Some(seen) = &self.dry else { return landed };
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let again = |(record, landed): (&ImportedJob, Imported)| match seen.add(&record.job.id) {
            false if landed == Imported::Imported => Imported::AlreadyThere,
            _ => landed,
        };
        records.iter().zip(landed).map(again).collect()
    }

    async fn load_alone(
        &self,
        record: &ImportedJob,
        raw: &[u8],
        outcome: &mut Outcome,
    ) -> Result<()> {
        let repaired = vec![!outcome.repairs.is_empty()];
        let jobs = Arc::new(vec![record.clone()]);
        match self
            .write(ImportChunk {
                jobs,
                repaired,
                rejected: 0,
                rejects: Vec::new(),
            })
            .await
        {
            Ok(landed) => {
                outcome.kind = landed
                    .into_iter()
                    .next()
                    .map_or(RecordOutcome::AlreadyThere, outcome_of)
            }
            Err(error) if is_of_all(&error) => return Err(error),
            Err(error) => {
                let reject = Reject::new(Reason::DatabaseRefused, error.to_string());
                let entry = ReadRecord {
                    file: outcome.file.clone(),
                    at: outcome.at.clone(),
                    raw: raw.to_vec(),
                    bytes: outcome.bytes,
                    read: Err(reject.clone()),
                    repairs: Vec::new(),
                    assumed: Assumed::default(),
                };
                let rejects = self.kept(&entry, &reject).into_iter().collect();
                self.write(ImportChunk {
                    jobs: Arc::default(),
                    repaired: Vec::new(),
                    rejected: 1,
                    rejects,
                })
                .await?;
                outcome.kind = RecordOutcome::Rejected(reject);
            }
        }
        Ok(())
    }

    async fn write(&self, batch: ImportChunk) -> Result<Vec<Imported>> {
        let import_id = self.import_id.as_deref().unwrap_or_default();
        self.jobs
            .import_batch(import_id, self.on_conflict, self.dry.is_some(), batch)
            .await
    }
}

fn outcome_of(landed: Imported) -> RecordOutcome {
    match landed {
        Imported::Imported => RecordOutcome::Imported,
        Imported::Merged => RecordOutcome::Merged,
        Imported::Overwritten => RecordOutcome::Overwritten,
        Imported::AlreadyThere => RecordOutcome::AlreadyThere,
        Imported::DeletedHere => RecordOutcome::DeletedHere,
    }
}
