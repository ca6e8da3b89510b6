//! What an import writes: whole records in batches, the rejects beside them, and the counts of the run.

use super::{ROWS_PER_INSERT, event, insert_events, insert_items};
use crate::{
    db::{Tx, Write},
    error::Result,
    lifecycle::EventKind,
};
use chrono::{DateTime, Utc};
use entity::{episode, import, import_reject, job, job_event, job_item, series};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use std::collections::{BTreeSet, HashSet};

/// Begins a run.
pub struct StartImport(pub import::Model);

impl Write for StartImport {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        import::Entity::insert(self.0.clone().into_active_model()).exec_without_returning(tx).await?;
        Ok(())
    }
}

/// Ends a run.
pub struct FinishImport {
    pub id: String,
    pub status: import::ImportStatus,
    pub error: Option<String>,
    pub now: DateTime<Utc>,
}

impl Write for FinishImport {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        let row = import::ActiveModel {
            id: Set(self.id.clone()),
            status: Set(self.status),
            error: Set(self.error.clone()),
            finished_at: Set(Some(self.now)),
            ..Default::default()
        };
        row.update(tx).await?;
        Ok(())
    }
}

/// A record ready to be written.
#[derive(Clone)]
pub struct ImportedJob {
    pub job: job::Model,
    pub items: Vec<job_item::Model>,
    /// The client that has the job before it, in a store that knows of one.
    pub active: Option<ActiveJob>,
}

/// A row of `active_jobs` for the job that it comes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveJob {
    pub client_id: String,
    pub title: Option<String>,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    Imported,
    /// A job with the id is there and stays as it is.
    AlreadyThere,
    /// A job with the id was deleted here, and stays deleted.
    DeletedHere,
}

/// Some records and rejects of a run, all of them or none. Another writer that makes a job with one of the ids at the
/// same time makes it fail on PostgreSQL; written again, it finds that job there.
pub struct ImportBatch {
    pub import_id: String,
    pub jobs: Vec<ImportedJob>,
    pub rejects: Vec<import_reject::ActiveModel>,
    pub now: DateTime<Utc>,
}

impl Write for ImportBatch {
    /// One a job, in the order of `jobs`.
    type Output = Vec<Landed>;

    async fn apply(&self, tx: &Tx) -> Result<Vec<Landed>> {
        let landed = landing(tx, self.jobs.iter().map(|record| &record.job.id)).await?;
        let new = self.jobs.iter().zip(&landed).filter(|(_, landed)| **landed == Landed::Imported);
        let new: Vec<_> = new.map(|(record, _)| record).collect();
        let jobs = with_known_parents(tx, new.iter().map(|record| record.job.clone()).collect()).await?;
        let items: Vec<_> = new.iter().flat_map(|record| record.items.iter().cloned()).collect();
        let mut events: Vec<_> = jobs.iter().map(|job| event(job, EventKind::Imported, None)).collect();
        events.iter_mut().for_each(|event| event.created_at = Set(self.now));
        insert_jobs(tx, jobs).await?;
        insert_items(tx, &items).await?;
        insert_events(tx, events).await?;
        for rows in self.rejects.chunks(ROWS_PER_INSERT) {
            import_reject::Entity::insert_many(rows.iter().cloned()).exec_without_returning(tx).await?;
        }
        self.count(tx, &landed).await?;
        Ok(landed)
    }
}

impl ImportBatch {
    async fn count(&self, tx: &impl ConnectionTrait, landed: &[Landed]) -> Result<()> {
        use import::Column as C;
        let imported = landed.iter().filter(|l| **l == Landed::Imported).count() as i64;
        let rejected = self.rejects.len() as i64;
        let there = landed.len() as i64 - imported;
        let add = |column: C, n: i64| Expr::col(column).add(n);
        import::Entity::update_many()
            .col_expr(C::Found, add(C::Found, imported + there + rejected))
            .col_expr(C::Imported, add(C::Imported, imported))
            .col_expr(C::AlreadyThere, add(C::AlreadyThere, there))
            .col_expr(C::Rejected, add(C::Rejected, rejected))
            .filter(C::Id.eq(&self.import_id))
            .exec(tx)
            .await?;
        Ok(())
    }
}

/// What would become of jobs with these ids, one an id. An id that comes twice lands once.
pub async fn landing(conn: &impl ConnectionTrait, ids: impl Iterator<Item = &String> + Clone) -> Result<Vec<Landed>> {
    let there = job::Entity::find().select_only().column(job::Column::Id).filter(job::Column::Id.is_in(ids.clone()));
    let there: Vec<String> = there.into_tuple().all(conn).await?;
    let deleted = job_event::Entity::find()
        .select_only()
        .column(job_event::Column::JobId)
        .filter(job_event::Column::JobId.is_in(ids.clone()))
        .filter(job_event::Column::Kind.eq(EventKind::Deleted.as_str()));
    let deleted: Vec<String> = deleted.into_tuple().all(conn).await?;
    let (mut there, deleted): (HashSet<_>, HashSet<_>) = (there.into_iter().collect(), deleted.into_iter().collect());
    let land = |id: &String| match (there.contains(id), deleted.contains(id)) {
        (true, _) => Landed::AlreadyThere,
        (false, true) => Landed::DeletedHere,
        (false, false) => {
            there.insert(id.clone());
            Landed::Imported
        }
    };
    Ok(ids.map(land).collect())
}

/// Jobs may name a series or episode that never came along. The link is kept as `context.legacy` then, where it can be
/// read, since the column takes only what is there.
async fn with_known_parents(tx: &impl ConnectionTrait, mut jobs: Vec<job::Model>) -> Result<Vec<job::Model>> {
    let named: BTreeSet<_> = jobs.iter().filter_map(|job| job.series_id.clone()).collect();
    let known = series::Entity::find().select_only().column(series::Column::Id).filter(series::Column::Id.is_in(named));
    let known: HashSet<String> = known.into_tuple().all(tx).await?.into_iter().collect();
    for job in &mut jobs {
        if let Some(id) = job.series_id.take_if(|id| !known.contains(id)) {
            keep_as_legacy(job, "series_id", id);
        }
    }
    let named: BTreeSet<_> = jobs.iter().filter_map(|job| job.episode_id.clone()).collect();
    let known =
        episode::Entity::find().select_only().column(episode::Column::Id).filter(episode::Column::Id.is_in(named));
    let known: HashSet<String> = known.into_tuple().all(tx).await?.into_iter().collect();
    for job in &mut jobs {
        if let Some(id) = job.episode_id.take_if(|id| !known.contains(id)) {
            keep_as_legacy(job, "episode_id", id);
        }
    }
    Ok(jobs)
}

fn keep_as_legacy(job: &mut job::Model, name: &str, id: String) {
    let context = job.context.get_or_insert_with(|| serde_json::json!({}));
    context["legacy"][name] = id.into();
}

async fn insert_jobs(tx: &impl ConnectionTrait, jobs: Vec<job::Model>) -> Result<()> {
    let mut rows = jobs.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        job::Entity::insert_many(rows.by_ref().take(ROWS_PER_INSERT)).exec_without_returning(tx).await?;
    }
    Ok(())
}
