//! What an import writes: whole records in batches, the rejects beside them, and the counts of the run.

use super::{event, insert_events, insert_items, insert_unless_there};
use crate::{
    db::{Tx, Write},
    error::Result,
    lifecycle::EventKind,
};
use chrono::{DateTime, Utc};
use entity::{episode, import, import_reject, job, job_event, job_item, series};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, ExprTrait},
};

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

/// Some records and rejects of a run, all of them or none.
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
        let mut landed = Vec::with_capacity(self.jobs.len());
        let (mut items, mut events) = (Vec::new(), Vec::new());
        for record in &self.jobs {
            let job = with_known_parents(tx, record.job.clone()).await?;
            let outcome = insert_job(tx, &job).await?;
            landed.push(outcome);
            if outcome == Landed::Imported {
                items.extend(record.items.iter().cloned());
                let mut imported = event(&job, EventKind::Imported, None);
                imported.created_at = Set(self.now);
                events.push(imported);
            }
        }
        insert_items(tx, &items).await?;
        insert_events(tx, events).await?;
        if !self.rejects.is_empty() {
            import_reject::Entity::insert_many(self.rejects.clone()).exec_without_returning(tx).await?;
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

/// A job may name a series or episode that never came along. The link is kept as `context.legacy` then, where it can be
/// read, since the column takes only what is there.
async fn with_known_parents(tx: &impl ConnectionTrait, mut job: job::Model) -> Result<job::Model> {
    if let Some(id) = job.series_id.take() {
        match series::Entity::find_by_id(&id).one(tx).await? {
            Some(_) => job.series_id = Some(id),
            None => keep_as_legacy(&mut job, "series_id", id),
        }
    }
    if let Some(id) = job.episode_id.take() {
        match episode::Entity::find_by_id(&id).one(tx).await? {
            Some(_) => job.episode_id = Some(id),
            None => keep_as_legacy(&mut job, "episode_id", id),
        }
    }
    Ok(job)
}

fn keep_as_legacy(job: &mut job::Model, name: &str, id: String) {
    let context = job.context.get_or_insert_with(|| serde_json::json!({}));
    context["legacy"][name] = id.into();
}

async fn insert_job(tx: &impl ConnectionTrait, job: &job::Model) -> Result<Landed> {
    let deleted = job_event::Column::Kind.eq(EventKind::Deleted.as_str());
    let tombstone =
        job_event::Entity::find().filter(job_event::Column::JobId.eq(&job.id)).filter(deleted).one(tx).await?;
    if tombstone.is_some() {
        let there = job::Entity::find_by_id(&job.id).one(tx).await?;
        return Ok(if there.is_some() { Landed::AlreadyThere } else { Landed::DeletedHere });
    }
    let imported = insert_unless_there(tx, job.clone().into_active_model()).await?;
    Ok(if imported { Landed::Imported } else { Landed::AlreadyThere })
}
