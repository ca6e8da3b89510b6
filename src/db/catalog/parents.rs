//! Series and episodes that a job belongs to: checked and locked before the job is written.

use crate::{
    db::jobs::locks,
    error::{Error, Resource, Result},
};
use entity::{episode, series};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryTrait, Select, sea_query::LockType};

/// Checks that the parents exist, and locks them, so that they are not deleted before the commit.
/// The error names the missing one: a violated foreign key would not, and would end the whole
/// transaction. Returns false if another transaction has locked a parent, and the query skipped it.
pub(in crate::db) async fn check_parents(
    tx: &impl ConnectionTrait,
    series_id: Option<&str>,
    episode_id: Option<&str>,
    skip_locked: bool,
) -> Result<bool> {
    let missing = |thing, id: &str, pointer| Error::UnknownReference {
        thing,
        id: id.to_owned(),
        pointer,
    };
    if let Some(id) = series_id {
        match look(tx, series::Entity::find_by_id(id), skip_locked).await? {
            ParentLock::Locked => {}
            ParentLock::Blocked => return Ok(false),
            ParentLock::Missing => return Err(missing(Resource::Series, id, "/series_id")),
        }
    }
    if let Some(id) = episode_id {
        match look(tx, episode::Entity::find_by_id(id), skip_locked).await? {
            ParentLock::Locked => {}
            ParentLock::Blocked => return Ok(false),
            ParentLock::Missing => return Err(missing(Resource::Episode, id, "/episode_id")),
        }
    }
    Ok(true)
}

/// Result of the search for a parent.
enum ParentLock {
    /// The parent exists, and stays until the commit.
    Locked,
    Blocked,
    Missing,
}

async fn look<E: EntityTrait>(
    tx: &impl ConnectionTrait,
    find: Select<E>,
    skip_locked: bool,
) -> Result<ParentLock, DbErr> {
    let found = async |find: Select<E>| {
        tx.query_one_raw(find.build(tx.get_database_backend()))
            .await
    };
    if found(locks::locked(find.clone(), LockType::KeyShare, skip_locked))
        .await?
        .is_some()
    {
        return Ok(ParentLock::Locked);
    }
    let held = skip_locked && found(find).await?.is_some();
    Ok(if held {
        ParentLock::Blocked
    } else {
        ParentLock::Missing
    })
}
