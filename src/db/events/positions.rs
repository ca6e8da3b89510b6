//! Event positions up to which some work is done.

use crate::db::{Readable, Tx, rows::once::insert_unless_there};
use entity::position;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QuerySelect,
    sea_query::LockType,
};

/// Returns the position; 0 if the work was never done.
pub async fn position(db: &impl ConnectionTrait, name: &str) -> Result<i64, DbErr> {
    Ok(position::Entity::find_by_id(name)
        .row(db)
        .await?
        .map_or(0, |row| row.position))
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
