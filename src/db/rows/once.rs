//! Rows that are inserted once: a repeated request gets the row of the first one.

use crate::error::{Error, Result};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, TryInsertResult,
    sea_query::OnConflict as Conflict,
};

/// Inserts the row and returns true. Returns false if a row with the same id or unique key exists,
/// which stays.
pub(in crate::db) async fn insert_unless_there<A>(
    tx: &impl ConnectionTrait,
    row: A,
) -> Result<bool, DbErr>
where
    A: sea_orm::ActiveModelTrait,
{
    let insert = A::Entity::insert(row)
        .on_conflict(Conflict::new().do_nothing().to_owned())
        .try_insert();
    Ok(matches!(
        insert.exec_without_returning(tx).await?,
        TryInsertResult::Inserted(1)
    ))
}

/// Inserts those of the rows that are not there.
pub(in crate::db) async fn insert_each_unless_there<M, A>(
    tx: &impl ConnectionTrait,
    rows: Vec<M>,
) -> Result<(), DbErr>
where
    M: IntoActiveModel<A>,
    A: sea_orm::ActiveModelTrait + Send,
{
    for row in rows {
        insert_unless_there(tx, row.into_active_model()).await?;
    }
    Ok(())
}

/// Returns the result of an earlier call with the same idempotency key.
///
/// Errors: `idempotency_key_reused`, if that call was another request.
pub(in crate::db) fn replay<M>(
    first: Option<M>,
    same_request: impl Fn(&M) -> bool,
) -> Result<Option<M>> {
    match first {
        Some(first) if !same_request(&first) => Err(Error::IdempotencyKeyReused),
        first => Ok(first),
    }
}
