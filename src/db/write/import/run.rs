//! The row of a run in `imports`: begun, known to be alive, ended, or given up for its process.

use crate::{
    db::{Readable, Tx, Write},
    error::{Error, Result, Thing},
};
use chrono::{DateTime, Utc};
use entity::{
    import::{self, ImportStatus},
    import_reject,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, JsonValue as Json, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockType},
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
    pub status: ImportStatus,
    pub error: Option<String>,
    /// Its sums by source, reason and rule.
    pub report: Option<Json>,
    pub now: DateTime<Utc>,
}

impl Write for FinishImport {
    type Output = ();

    /// One that was aborted stays so, and gets the report.
    async fn apply(&self, tx: &Tx) -> Result<()> {
        let mut row = import::ActiveModel {
            id: Set(self.id.clone()),
            status: Set(self.status),
            error: Set(self.error.clone()),
            report: Set(self.report.clone()),
            finished_at: Set(Some(self.now)),
            ..Default::default()
        };
        let there = import::Entity::find_by_id(&self.id).lock(LockType::Update).row(tx).await?;
        if there.ok_or(Error::NotFound(Thing::Import))?.status == ImportStatus::Aborted {
            (row.status, row.error, row.finished_at) = (NotSet, NotSet, NotSet);
        }
        row.update(tx).await?;
        Ok(())
    }
}

/// Ends a run that goes on; one that has ended stays as it is.
pub struct AbortImport {
    pub id: String,
    pub error: String,
    pub now: DateTime<Utc>,
}

impl Write for AbortImport {
    type Output = import::Model;

    async fn apply(&self, tx: &Tx) -> Result<import::Model> {
        let row = import::Entity::find_by_id(&self.id).lock(LockType::Update).row(tx).await?;
        let row = row.ok_or(Error::NotFound(Thing::Import))?;
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

/// Takes rejects of a run away, some at a time; then, where that is wanted, the run.
pub struct PruneImport {
    pub id: String,
    /// Rejects that go at most.
    pub at_most: u64,
    /// The run goes when it has no rejects any more.
    pub run_too: bool,
}

impl Write for PruneImport {
    /// Whether there may be more to take away.
    type Output = bool;

    async fn apply(&self, tx: &Tx) -> Result<bool> {
        use import_reject::Column as C;
        let of_it = import_reject::Entity::find().filter(C::ImportId.eq(&self.id));
        let some = of_it.select_only().column(C::Id).order_by_asc(C::Id).limit(self.at_most);
        let ids: Vec<i64> = some.into_tuple().rows(tx).await?;
        let last = ids.last().copied().unwrap_or_default();
        let gone = C::ImportId.eq(&self.id).and(C::Id.lte(last));
        import_reject::Entity::delete_many().filter(gone).exec(tx).await?;
        if ids.len() as u64 == self.at_most {
            return Ok(true);
        }
        let run = import::Entity::update_many().filter(import::Column::Id.eq(&self.id));
        let none = Expr::value(0i64);
        match self.run_too {
            true => {
                import::Entity::delete_by_id(&self.id).exec(tx).await?;
            }
            false => {
                let run = run.col_expr(import::Column::RejectsKept, none.clone());
                run.col_expr(import::Column::RejectBytes, none).exec(tx).await?;
            }
        }
        Ok(false)
    }
}

/// Says that the run's process is alive.
pub struct BeatImport {
    pub id: String,
    pub now: DateTime<Utc>,
}

impl Write for BeatImport {
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

/// Ends the runs that nobody will end: those of these ids, and those that were not heard of since a moment.
pub struct GiveUpImports {
    pub ids: Vec<String>,
    pub silent_since: DateTime<Utc>,
    pub error: String,
    pub now: DateTime<Utc>,
}

impl Write for GiveUpImports {
    /// How many there were.
    type Output = u64;

    async fn apply(&self, tx: &Tx) -> Result<u64> {
        use import::Column as C;
        // A run of an older Callsheet has no heartbeat.
        let heard_of = Expr::col(C::HeartbeatAt).if_null(Expr::col(C::StartedAt));
        let lost = Condition::any().add(C::Id.is_in(&self.ids)).add(heard_of.lt(self.silent_since));
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
