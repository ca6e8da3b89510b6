//! Rows that a write needs, and that another transaction may hold.

use crate::db::{Readable, Tx, bulk, dialect};
use entity::job;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Select,
    sea_query::{Expr, LockBehavior, LockType},
};
use std::collections::HashSet;

/// Locks the rows of the query. Those that another transaction holds are waited for, or passed over.
pub fn locked<E: EntityTrait>(find: Select<E>, lock: LockType, skip_locked: bool) -> Select<E> {
    match skip_locked {
        true => find.lock_with_behavior(lock, LockBehavior::SkipLocked),
        false => find.lock(lock),
    }
}

/// Writes that share a transaction, and their lane, pass over what others hold: else all would wait for it.
pub fn together(tx: &Tx) -> bool {
    dialect::skips_locked(tx.get_database_backend())
}

/// Those of the jobs that are there. Of jobs that were passed over, these are held, and the others do not exist.
pub async fn there(tx: &Tx, ids: &[&str]) -> Result<HashSet<String>, DbErr> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let of_ids = bulk::is_one_of(tx.get_database_backend(), Expr::col(job::Column::Id), ids);
    let found = job::Entity::find().select_only().column(job::Column::Id).filter(of_ids);
    Ok(found.into_tuple::<String>().rows(tx).await?.into_iter().collect())
}
