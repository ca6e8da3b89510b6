//! Puts an archived job back into the database as it was, with its events at their old positions:
//! streams, statistics and other readers of the history have met them already.

use crate::{
    db::{
        Readable, Tx, Write,
        imports::{ImportedJob, bring_parents},
        rows::bulk,
        writer::by,
    },
    error::{Error, Resource, Result},
};
use chrono::{DateTime, Utc};
use entity::{archived_job, job, job_event, job_item};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, sea_query::LockType,
};

/// Bytes that a byte of a frame stands for, about.
const EXPANSION: usize = 8;

/// Events of a multi-row insert.
const MAX_ROWS: usize = 200;

/// Puts a job back whose record was read from its object.
pub struct RestoreArchived {
    pub record: ImportedJob,
    /// Row of the job when the record was read.
    pub row: archived_job::Model,
    pub now: DateTime<Utc>,
}

impl Write for RestoreArchived {
    type Output = job::Model;

    async fn apply(&self, tx: &Tx) -> Result<job::Model> {
        let row = archived_job::Entity::find_by_id(&self.row.job_id)
            .lock(LockType::Update)
            .row(tx)
            .await?;
        let Some(row) = row.filter(|row| *row == self.row) else {
            return Err(Error::NotFound(Resource::Job));
        };
        by::check(&tx.by(), &self.record.job)?;
        // Refused before anything is written: a batch goes on with its other jobs.
        let events = self.events()?;
        let job = bring_parents(tx, &self.record).await?;
        bulk::insert::<job::Entity, _>(tx, std::slice::from_ref(&job)).await?;
        bulk::insert::<job_item::Entity, _>(tx, &self.record.items).await?;
        // The event of the removal.
        job_event::Entity::delete_many()
            .filter(job_event::Column::JobId.eq(&job.id))
            .exec(tx)
            .await?;
        for events in events.chunks(MAX_ROWS) {
            let rows = events.iter().cloned().map(|event| {
                let id = Set(event.id);
                job_event::ActiveModel {
                    id,
                    ..event.into_active_model()
                }
            });
            job_event::Entity::insert_many(rows)
                .exec_without_returning(tx)
                .await?;
        }
        let mut row = row.into_active_model();
        row.restored_at = Set(Some(self.now));
        row.update(tx).await?;
        tx.note_any_change();
        Ok(job)
    }

    fn is_large(&self) -> bool {
        true
    }

    fn weight(&self) -> usize {
        let compressed = usize::try_from(self.row.length).unwrap_or(0);
        1024 + compressed.saturating_mul(EXPANSION)
    }
}

impl RestoreArchived {
    /// Returns the events of the record at their old positions.
    fn events(&self) -> Result<Vec<job_event::Model>> {
        let steps: Vec<i64> = serde_json::from_str(&self.row.positions).unwrap_or_default();
        let mut events = match &self.record.own {
            Some(own) => own.history.clone(),
            None => Vec::new(),
        };
        if steps.len() != events.len() {
            return Err(Error::Internal(format!(
                "the archive has {} events of job {}, and the database {} positions",
                events.len(),
                self.row.job_id,
                steps.len()
            )));
        }
        let mut position = 0_i64;
        for (event, step) in events.iter_mut().zip(steps) {
            position = position.saturating_add(step);
            event.id = position;
        }
        Ok(events)
    }
}
