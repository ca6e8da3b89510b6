//! Detachment of the jobs of a series or an episode that is deleted: each gets a new version and an
//! event.

use crate::{
    db::{Tx, writer::by},
    lifecycle::{EventKind, MAX_VERSION},
};
use chrono::{DateTime, Utc};
use entity::{job, job_event};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, LockType, Query},
};

/// Returns whether the query finds a row, readable or not: an unreadable one can still be deleted.
pub(in crate::db) async fn is_there<E: EntityTrait>(
    tx: &Tx,
    find: Select<E>,
) -> Result<bool, DbErr> {
    Ok(tx
        .query_one_raw(find.build(tx.get_database_backend()))
        .await?
        .is_some())
}

/// Clears the column in all jobs that hold the id. Two statements change all of them, because a
/// series may have a million jobs. The foreign key would clear the column too, but without version
/// and event.
pub(in crate::db) async fn detach(
    tx: &Tx,
    column: job::Column,
    id: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    use job::Column as J;
    use job_event::Column as E;
    let locked = job::Entity::find()
        .select_only()
        .column(J::Id)
        .filter(column.eq(id))
        .lock(LockType::Update);
    let count = Query::select()
        .expr(Expr::col("id").count())
        .from_subquery(locked.into_query(), "locked")
        .to_owned();
    tx.query_one(&count).await?;
    let (key, name) = by::names(&tx.by());
    let events = job::Entity::find()
        .select_only()
        .column(J::Id)
        .expr(Expr::col(J::Version).add(1))
        .expr(Expr::val(EventKind::Detached.as_str()))
        .columns([
            J::Status,
            J::Progress,
            J::CurrentStage,
            J::TotalShots,
            J::CompletedShots,
        ])
        .expr(Expr::val(now))
        .column(J::JobType)
        .expr(Expr::val(key))
        .expr(Expr::val(name))
        .filter(column.eq(id))
        .filter(J::Version.lt(MAX_VERSION))
        .into_query();
    let columns = [
        E::JobId,
        E::Seq,
        E::Kind,
        E::Status,
        E::Progress,
        E::CurrentStage,
        E::TotalShots,
        E::CompletedShots,
        E::CreatedAt,
        E::JobType,
        E::ByKey,
        E::ByName,
    ];
    let insert = Query::insert()
        .into_table(job_event::Entity)
        .columns(columns)
        .select_from(events)
        .map_err(|e| DbErr::Custom(e.to_string()))?
        .to_owned();
    tx.execute(&insert).await?;
    tx.note_any_change();
    job::Entity::update_many()
        .col_expr(column, Expr::val(Option::<String>::None))
        .col_expr(J::Version, Expr::col(J::Version).add(1))
        .col_expr(J::UpdatedAt, Expr::val(now))
        .filter(column.eq(id))
        .filter(J::Version.lt(MAX_VERSION))
        .exec(tx)
        .await?;
    Ok(())
}
