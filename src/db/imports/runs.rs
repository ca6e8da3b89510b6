//! Row of a run in `imports`: started, kept alive by heartbeats, ended, or failed after its process
//! was lost.

use crate::{
    db::{Readable, Tx, Write},
    error::{Error, Resource, Result},
};
use chrono::{DateTime, Utc};
use entity::{
    import::{self, ImportStatus},
    import_reject,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, JsonValue as Json, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockType},
};

/// Starts an import run.
pub struct StartImport(pub import::Model);

impl Write for StartImport {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        import::Entity::insert(self.0.clone().into_active_model())
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }
}

/// Ends an import run.
pub struct FinishImport {
    pub id: String,
    pub status: ImportStatus,
    pub error: Option<String>,
    /// Counts of the run by source, reason and rule.
    pub report: Option<Json>,
    pub now: DateTime<Utc>,
}

impl Write for FinishImport {
    type Output = ();

    /// Stores the outcome and the report. An aborted run keeps its status, and gets only the
    /// report.
    async fn apply(&self, tx: &Tx) -> Result<()> {
        let mut row = import::ActiveModel {
            id: Set(self.id.clone()),
            status: Set(self.status),
            error: Set(self.error.clone()),
            report: Set(self.report.clone()),
            finished_at: Set(Some(self.now)),
            ..Default::default()
        };
        let there = import::Entity::find_by_id(&self.id)
            .lock(LockType::Update)
            .row(tx)
            .await?;
        if there.ok_or(Error::NotFound(Resource::Import))?.status == ImportStatus::Aborted {
            (row.status, row.error, row.finished_at) = (NotSet, NotSet, NotSet);
        }
        row.update(tx).await?;
        Ok(())
    }
}

/// Aborts a running import; one that has ended stays unchanged.
pub struct AbortImport {
    pub id: String,
    pub error: String,
    pub now: DateTime<Utc>,
}

impl Write for AbortImport {
    type Output = import::Model;

    async fn apply(&self, tx: &Tx) -> Result<import::Model> {
        let row = import::Entity::find_by_id(&self.id)
            .lock(LockType::Update)
            .row(tx)
            .await?;
        let row = row.ok_or(Error::NotFound(Resource::Import))?;
        if row.status != ImportStatus::Running {
            return Ok(row);
        }
        let mut row = row.into_active_model();
        row.status = Set(ImportStatus::Aborted);
        row.error = Set(Some(self.error.clone()));
        row.finished_at = Set(Some(self.now));
        Ok(row.update(tx).await?)
    }
}

/// Deletes rejects of a run, a limited number at a time, and then, if requested, the run.
pub struct PruneImport {
    pub id: String,
    /// Maximum rejects to delete.
    pub at_most: u64,
    /// Whether to delete the run once it has no rejects.
    pub run_too: bool,
}

impl Write for PruneImport {
    /// Whether more may be left to delete.
    type Output = bool;

    async fn apply(&self, tx: &Tx) -> Result<bool> {
        use import_reject::Column as C;
        let of_it = import_reject::Entity::find().filter(C::ImportId.eq(&self.id));
        let some = of_it
            .select_only()
            .column(C::Id)
            .order_by_asc(C::Id)
            .limit(self.at_most);
        let ids: Vec<i64> = some.into_tuple().rows(tx).await?;
        let last = ids.last().copied().unwrap_or_default();
        let gone = C::ImportId.eq(&self.id).and(C::Id.lte(last));
        import_reject::Entity::delete_many()
            .filter(gone)
            .exec(tx)
            .await?;
        if ids.len() as u64 == self.at_most {
            return Ok(true);
        }
        let run = import::Entity::update_many().filter(import::Column::Id.eq(&self.id));
        let none = Expr::value(0i64);
        if self.run_too {
            import::Entity::delete_by_id(&self.id).exec(tx).await?;
        } else {
            let run = run.col_expr(import::Column::RejectsKept, none.clone());
            run.col_expr(import::Column::RejectBytes, none)
                .exec(tx)
                .await?;
        }
        Ok(false)
    }
}

/// Records that the run's process is alive.
pub struct HeartbeatImport {
    pub id: String,
    pub now: DateTime<Utc>,
}

impl Write for HeartbeatImport {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        let beat = Expr::value(self.now);
        import::Entity::update_many()
            .col_expr(import::Column::HeartbeatAt, beat)
            .filter(import::Column::Id.eq(&self.id))
            .filter(import::Column::Status.eq(ImportStatus::Running))
            .exec(tx)
            .await?;
        Ok(())
    }
}

/// Fails the runs whose process is gone: those with these ids, and those without a heartbeat since
/// a time.
pub struct FailOrphanedImports {
    pub ids: Vec<String>,
    pub silent_since: DateTime<Utc>,
    pub error: String,
    pub now: DateTime<Utc>,
}

impl Write for FailOrphanedImports {
    /// Number of runs that were failed.
    type Output = u64;

    async fn apply(&self, tx: &Tx) -> Result<u64> {
        use import::Column as C;
        // A run of an older Callsheet has no heartbeat.
        let heard_of = Expr::col(C::HeartbeatAt).if_null(Expr::col(C::StartedAt));
        let lost = Condition::any()
            .add(C::Id.is_in(&self.ids))
            .add(heard_of.lt(self.silent_since));
        let given_up = import::Entity::update_many()
            .col_expr(C::Status, Expr::value(ImportStatus::Failed))
            .col_expr(C::Error, Expr::value(self.error.clone()))
            .col_expr(C::FinishedAt, Expr::value(self.now))
            .filter(C::Status.eq(ImportStatus::Running))
            .filter(lost)
            .exec(tx)
            .await?;
        Ok(given_up.rows_affected)
    }
}
