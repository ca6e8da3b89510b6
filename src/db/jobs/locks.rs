//! Locks on rows that another transaction may have locked.

use crate::db::{Readable, Tx, dialect, rows::bulk};
use entity::job;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Select,
    sea_query::{Expr, LockBehavior, LockType},
};
use std::collections::HashSet;

/// Locks the rows of the query. Waits for those that another transaction has locked, or skips them.
pub fn locked<E: EntityTrait>(find: Select<E>, lock: LockType, skip_locked: bool) -> Select<E> {
    if skip_locked {
        find.lock_with_behavior(lock, LockBehavior::SkipLocked)
    } else {
        find.lock(lock)
    }
}

/// Returns whether writes that share a transaction skip locked rows. Otherwise one locked row would
/// hold up all of them, and their queue.
pub fn skips_locked_rows(tx: &Tx) -> bool {
    dialect::skips_locked(tx.get_database_backend())
}

/// Returns which of the jobs exist. A skipped job that exists is locked by another transaction.
pub async fn there(tx: &Tx, ids: &[&str]) -> Result<HashSet<String>, DbErr> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let of_ids = bulk::is_one_of(tx.get_database_backend(), Expr::col(job::Column::Id), ids);
    let found = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(of_ids);
    Ok(found
        .into_tuple::<String>()
        .rows(tx)
        .await?
        .into_iter()
        .collect())
}
