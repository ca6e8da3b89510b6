//! Event positions up to which some work is done.

use crate::db::{Readable, Tx, rows::once::insert_unless_there};
use entity::{
    position::{self, STATS},
    webhook,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryOrder,
    QuerySelect, sea_query::LockType,
};

/// Returns the position; 0 if the work was never done.
pub async fn position(db: &impl ConnectionTrait, name: &str) -> Result<i64, DbErr> {
    Ok(position::Entity::find_by_id(name)
        .row(db)
        .await?
        .map_or(0, |row| row.position))
}

/// Returns the position up to which all have read that read the whole history, the statistics and
/// each webhook: what is behind it may be deleted. 0 if one never did.
pub async fn slowest_position(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let stats = position(db, STATS).await?;
    let webhooks = webhook::Entity::find()
        .select_only()
        .column(webhook::Column::Position)
        .order_by_asc(webhook::Column::Position)
        .limit(1);
    let slowest = webhooks.into_tuple::<i64>().row(db).await?;
    Ok(slowest.map_or(stats, |slowest| slowest.min(stats)))
}

/// Returns the position, and locks it until the transaction ends, even if the work was never done.
pub(in crate::db) async fn lock_position(tx: &Tx, name: &str) -> Result<i64, DbErr> {
    insert_unless_there(
        tx,
        position::ActiveModel {
            name: Set(name.to_owned()),
            position: Set(0),
        },
    )
    .await?;
    let row = position::Entity::find_by_id(name)
        .lock(LockType::Update)
        .row(tx)
        .await?;
    Ok(row.map_or(0, |row| row.position))
}

pub(in crate::db) async fn set_position(tx: &Tx, name: &str, position: i64) -> Result<(), DbErr> {
    position::ActiveModel {
        name: Set(name.to_owned()),
        position: Set(position),
    }
    .update(tx)
    .await?;
    Ok(())
}
