//! Batch of imported records, written as a whole or not at all.

use crate::{
    db::{
        Tx, Write, dialect,
        events::event,
        imports::{
            Imported, ImportedJob, OnConflict,
            new_rows::{Rows, active},
            parents::{self, Parents},
            plan::{Plan, plan},
        },
        jobs::change_job,
        rows::once::insert_unless_there,
        writer::by,
    },
    error::{Error, Resource, Result},
    lifecycle::{EventKind, is_terminal},
};
use chrono::{DateTime, Utc};
use entity::{
    import::{self, ImportStatus},
    import_reject, job, job_event, job_item,
};
use sea_orm::{
    ActiveValue::NotSet,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use serde_json::json;
use std::{borrow::Cow, collections::HashSet, ops::Range, sync::Arc};

/// Maximum rows of a multi-row insert of an import.
const ROWS_PER_INSERT: usize = 500;

/// Records and rejects of a run, written as a whole or not at all. On PostgreSQL the batch fails if
/// another writer creates a job with one of the ids at the same time; when run again, it finds that
/// job.
pub struct ImportBatch {
    pub import_id: String,
    pub jobs: Arc<Vec<ImportedJob>>,
    /// Whether the importer repaired each of the jobs, in their order.
    pub repaired: Vec<bool>,
    pub on_conflict: OnConflict,
    /// Whether the batch only determines and counts the outcomes, without writing jobs.
    pub dry: bool,
    /// Number of rejected records.
    pub rejected: usize,
    /// Rejects to store.
    pub rejects: Vec<import_reject::Model>,
    pub now: DateTime<Utc>,
}

/// Outcome of each job, in order.
pub type BatchOutcome = Vec<Imported>;

impl Write for ImportBatch {
    type Output = BatchOutcome;

    async fn apply(&self, tx: &Tx) -> Result<BatchOutcome> {
        dialect::expect_bulk(tx).await?;
        let mut landed = Vec::with_capacity(self.jobs.len());
        for records in without_repeats(&self.jobs) {
            let records = &self.jobs[records];
            let plans = plan(tx, records, self.on_conflict, self.now).await?;
            landed.extend(plans.iter().map(Plan::landed));
            if !self.dry {
                self.write(tx, records, plans).await?;
            }
        }
        for rows in self.rejects.chunks(ROWS_PER_INSERT) {
            let rows = rows.iter().cloned().map(|row| import_reject::ActiveModel {
                id: NotSet,
                ..row.into_active_model()
            });
            import_reject::Entity::insert_many(rows)
                .exec_without_returning(tx)
                .await?;
        }
        self.count(tx, &landed).await?;
        Ok(landed)
    }

    fn is_large(&self) -> bool {
        true
    }
}

/// Splits the records into ranges without repeated ids, because a repeated id must see the outcome
/// of the one before.
fn without_repeats(jobs: &[ImportedJob]) -> Vec<Range<usize>> {
    let (mut ranges, mut start, mut ids) = (Vec::new(), 0, HashSet::new());
    for (i, record) in jobs.iter().enumerate() {
        if !ids.insert(record.job.id.as_str()) {
            ranges.push(start..i);
            start = i;
            ids = HashSet::from([record.job.id.as_str()]);
        }
    }
    ranges.push(start..jobs.len());
    ranges
}

impl ImportBatch {
    async fn write(&self, tx: &Tx, records: &[ImportedJob], plans: Vec<Plan>) -> Result<()> {
        let came: Vec<_> = records
            .iter()
            .zip(&plans)
            .filter(|(_, p)| p.landed().came_in())
            .map(|(r, _)| r)
            .collect();
        parents::bring(tx, &came).await?;
        for schedule in came.iter().filter_map(|record| record.schedule.as_deref()) {
            // One that is there may have been changed since.
            insert_unless_there(tx, schedule.clone().into_active_model()).await?;
        }
        let changed = plans.iter().filter_map(|plan| match plan {
            Plan::Change(_, change) => Some(&change.1.job),
            _ => None,
        });
        let known = Parents::of(tx, came.iter().map(|record| &record.job).chain(changed)).await?;
        let mut new = Rows::default();
        for (record, plan) in records.iter().zip(plans) {
            match plan {
                Plan::Leave(_) => {}
                Plan::Insert(version) => self.insert(record, version, &known, &mut new),
                Plan::Change(landed, change) => {
                    let (stored, mut replaced) = *change;
                    known.settle(&mut replaced.job);
                    change_job::update(tx, &stored.job, &replaced.job).await?;
                    if let Some(items) = replaced.items {
                        let old = job_item::Column::JobId.eq(&replaced.job.id);
                        job_item::Entity::delete_many().filter(old).exec(tx).await?;
                        new.items.extend(items.into_iter().map(Cow::Owned));
                    }
                    let kind = if landed == Imported::Merged {
                        EventKind::Merged
                    } else {
                        EventKind::Overwritten
                    };
                    new.events.push(Cow::Owned(self.event(&replaced.job, kind)));
                }
            }
        }
        // A job that has ended is on no client's list.
        let alive = came.iter().filter(|record| !is_terminal(record.job.status));
        new.active
            .extend(alive.flat_map(|record| active(record, self.now)));
        let by = tx.by();
        // Borrowed events are the history that the record brought.
        for event in &mut new.events {
            if let Cow::Owned(event) = event {
                by::sign(event, &by);
            }
        }
        new.write(tx).await
    }

    fn insert<'a>(
        &self,
        record: &'a ImportedJob,
        version: Option<i64>,
        known: &Parents,
        new: &mut Rows<'a>,
    ) {
        let mut job = Cow::Borrowed(&record.job);
        if !known.knows_those_of(&job) {
            known.settle(job.to_mut());
        }
        match (&record.own, version) {
            (Some(own), None) if !own.history.is_empty() => {
                new.events.extend(own.history.iter().map(Cow::Borrowed))
            }
            (_, version) => {
                let version = version.unwrap_or(1);
                if job.version != version {
                    job.to_mut().version = version;
                }
                new.events
                    .push(Cow::Owned(self.event(&job, EventKind::Imported)));
            }
        }
        new.items.extend(record.items.iter().map(Cow::Borrowed));
        new.jobs.push(job);
    }

    fn event(&self, job: &job::Model, kind: EventKind) -> job_event::Model {
        let import_data = || json!({"import_id": self.import_id});
        let data = (kind != EventKind::Imported).then(import_data);
        job_event::Model {
            created_at: self.now,
            ..event(None, job, kind, data)
        }
    }

    async fn count(&self, tx: &impl ConnectionTrait, landed: &[Imported]) -> Result<()> {
        use import::Column as C;
        let of = |wanted: &[Imported]| landed.iter().filter(|l| wanted.contains(l)).count() as i64;
        let repaired = landed
            .iter()
            .zip(&self.repaired)
            .filter(|(l, repaired)| l.came_in() && **repaired)
            .count();
        let counts = [
            (C::Found, (landed.len() + self.rejected) as i64),
            (C::Imported, of(&[Imported::Imported])),
            (C::Merged, of(&[Imported::Merged])),
            (C::Overwritten, of(&[Imported::Overwritten])),
            (
                C::AlreadyThere,
                of(&[Imported::AlreadyThere, Imported::DeletedHere]),
            ),
            (C::Repaired, repaired as i64),
            (C::Rejected, self.rejected as i64),
            (C::RejectsKept, self.rejects.len() as i64),
            (
                C::RejectBytes,
                self.rejects
                    .iter()
                    .map(import_reject::Model::bytes)
                    .sum::<usize>() as i64,
            ),
        ];
        let mut update =
            import::Entity::update_many().col_expr(C::HeartbeatAt, Expr::value(self.now));
        for (column, n) in counts {
            update = update.col_expr(column, Expr::col(column).add(n));
        }
        let going_on = update
            .filter(C::Id.eq(&self.import_id))
            .filter(C::Status.ne(ImportStatus::Aborted));
        // After any server has aborted the run, nothing of it may be written.
        match going_on.exec(tx).await?.rows_affected {
            0 => Err(Error::NotFound(Resource::Import)),
            _ => Ok(()),
        }
    }
}
