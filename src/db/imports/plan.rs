//! Determines the outcome of each record of a batch before anything is written.

use crate::{
    db::{
        Readable,
        imports::{
            Imported, ImportedJob, OnConflict,
            conflict::{Replaced, Stored, merged, overwritten},
            parents::Parents,
        },
        jobs_of,
        retention::archived::archived_among,
        rows::bulk,
    },
    error::{Error, Result},
    lifecycle::{EventKind, version_after},
};
use chrono::{DateTime, Utc};
use entity::{job, job_event, job_item};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockType},
};
use std::collections::{HashMap, HashSet};

pub enum Plan {
    /// Writes nothing for this record.
    Leave(Imported),
    /// Inserts a new job. One that returns after its deletion continues from this version.
    Insert(Option<i64>),
    Change(Imported, Box<(Stored, Replaced)>),
}

impl Plan {
    pub fn landed(&self) -> Imported {
        match self {
            Plan::Leave(landed) | Plan::Change(landed, _) => *landed,
            Plan::Insert(_) => Imported::Imported,
        }
    }
}

/// Returns the outcomes that importing these records would have. Each record is judged by itself,
/// so a repeated id counts as two imports.
pub async fn dry_run(
    conn: &impl ConnectionTrait,
    records: &[ImportedJob],
    on_conflict: OnConflict,
    now: DateTime<Utc>,
) -> Result<Vec<Imported>> {
    Ok(plan(conn, records, on_conflict, now)
        .await?
        .iter()
        .map(Plan::landed)
        .collect())
}

/// Returns one plan per record. The ids of the records have to be distinct.
pub async fn plan(
    conn: &impl ConnectionTrait,
    records: &[ImportedJob],
    on_conflict: OnConflict,
    now: DateTime<Utc>,
) -> Result<Vec<Plan>> {
    let ids: Vec<_> = records
        .iter()
        .map(|record| record.job.id.as_str())
        .collect();
    let there: Vec<String> = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(one_of(conn, job::Column::Id, &ids))
        .into_tuple()
        .rows(conn)
        .await?;
    let there: HashSet<&str> = there.iter().map(String::as_str).collect();
    let new: Vec<_> = ids.into_iter().filter(|id| !there.contains(id)).collect();
    let deleted = last_of_deleted(conn, &new).await?;
    let gone: Vec<&str> = deleted.keys().map(String::as_str).collect();
    let archived = archived_among(conn, &gone).await?;
    let mut stored = match on_conflict {
        OnConflict::Skip => HashMap::new(),
        _ => load(conn, &there).await?,
    };
    let of_those = records
        .iter()
        .filter(|record| stored.contains_key(&record.job.id))
        .map(|record| &record.job);
    let known = Parents::of(conn, of_those).await?.with_those_of(records);
    let one = |record: &ImportedJob| {
        let id = record.job.id.as_str();
        if there.contains(id) {
            return match stored.remove(id) {
                Some(stored) => against(stored, &known.settled(record), on_conflict, now),
                None => Ok(Plan::Leave(Imported::AlreadyThere)),
            };
        }
        Ok(match deleted.get(id) {
            Some(_) if archived.iter().any(|one| one == id) => Plan::Leave(Imported::AlreadyThere),
            Some(last) if on_conflict == OnConflict::Overwrite => Plan::Insert(Some(
                version_after(*last, 1).ok_or(Error::CounterExhausted)?,
            )),
            Some(_) => Plan::Leave(Imported::DeletedHere),
            None => Plan::Insert(None),
        })
    };
    records.iter().map(one).collect()
}

/// Condition that the column equals one of the ids. Its text is the same for any number of ids;
/// else the connection would prepare and cache one statement per number.
fn one_of(conn: &impl ConnectionTrait, column: impl ColumnTrait, ids: &[&str]) -> Expr {
    bulk::is_one_of(conn.get_database_backend(), Expr::col(column), ids)
}

fn against(
    stored: Stored,
    record: &ImportedJob,
    on_conflict: OnConflict,
    now: DateTime<Utc>,
) -> Result<Plan> {
    let (landed, replaced) = match on_conflict {
        OnConflict::Skip => (Imported::AlreadyThere, None),
        OnConflict::Merge => (Imported::Merged, merged(&stored, record, now)?),
        OnConflict::Overwrite => (Imported::Overwritten, overwritten(&stored, record)?),
    };
    Ok(match replaced {
        Some(replaced) => Plan::Change(landed, Box::new((stored, replaced))),
        None => Plan::Leave(Imported::AlreadyThere),
    })
}

/// Returns the ids that belong to jobs deleted here, with the `seq` of the event of the deletion.
async fn last_of_deleted(
    conn: &impl ConnectionTrait,
    ids: &[&str],
) -> Result<HashMap<String, i64>> {
    let deleted: Vec<(String, i64)> = job_event::Entity::find()
        .select_only()
        .column(job_event::Column::JobId)
        .column_as(Expr::col(job_event::Column::Seq).max(), "last")
        .filter(one_of(conn, job_event::Column::JobId, ids))
        .filter(job_event::Column::Kind.eq(EventKind::Deleted.as_str()))
        .group_by(job_event::Column::JobId)
        .into_tuple()
        .rows(conn)
        .await?;
    Ok(deleted.into_iter().collect())
}

/// Loads jobs with their items. Locks the rows in the order of their ids, so that two imports do
/// not deadlock.
async fn load(conn: &impl ConnectionTrait, ids: &HashSet<&str>) -> Result<HashMap<String, Stored>> {
    let ids: Vec<_> = ids.iter().copied().collect();
    let jobs = job::Entity::find()
        .filter(one_of(conn, job::Column::Id, &ids))
        .order_by_asc(job::Column::Id)
        .lock(LockType::Update);
    let jobs = jobs_of(conn, jobs).await?;
    let items = job_item::Entity::find()
        .filter(one_of(conn, job_item::Column::JobId, &ids))
        .order_by_asc(job_item::Column::JobId)
        .order_by_asc(job_item::Column::Idx)
        .rows(conn)
        .await?;
    let mut stored: HashMap<_, _> = jobs
        .into_iter()
        .map(|job| {
            (
                job.id.clone(),
                Stored {
                    job,
                    items: Vec::new(),
                },
            )
        })
        .collect();
    for item in items {
        if let Some(stored) = stored.get_mut(&item.job_id) {
            stored.items.push(item);
        }
    }
    Ok(stored)
}
