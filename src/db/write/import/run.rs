//! The row of a run in `imports`: begun, known to be alive, ended, or given up for its process.

use crate::{
    db::{Tx, Write},
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::import::{self, ImportStatus};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, JsonValue as Json, QueryFilter,
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
    pub status: ImportStatus,
    pub error: Option<String>,
    /// Its sums by source, reason and rule.
    pub report: Option<Json>,
    pub now: DateTime<Utc>,
}

impl Write for FinishImport {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        let row = import::ActiveModel {
            id: Set(self.id.clone()),
            status: Set(self.status),
            error: Set(self.error.clone()),
            report: Set(self.report.clone()),
            finished_at: Set(Some(self.now)),
            ..Default::default()
        };
        row.update(tx).await?;
        Ok(())
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
