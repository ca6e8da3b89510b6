//! Lists of active jobs across an undo: a job leaves them when it is cancelled, and returns to them
//! when the cancel is undone.

use crate::{
    db::{KEPT, Readable, Tx, rows::bulk},
    lifecycle::EventKind,
};
use chrono::{DateTime, Utc};
use entity::{active_job, job_event};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Member of what an event keeps: the lists that the job was on.
pub const LISTS: &str = "lists";

/// A client's list, and what it says about the job.
#[derive(Serialize, Deserialize)]
struct Entry {
    client_id: String,
    title: Option<String>,
    created_at: DateTime<Utc>,
}

/// Adds the lists that the jobs are on to the events of cancels that keep what was before.
pub(in crate::db) async fn keep(tx: &Tx, events: &mut [job_event::Model]) -> Result<(), DbErr> {
    let cancelled: Vec<String> = events
        .iter_mut()
        .filter_map(|event| kept_of(event, EventKind::Cancelled).map(|(job_id, _)| job_id))
        .collect();
    if cancelled.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = cancelled.iter().map(String::as_str).collect();
    let of_jobs = bulk::is_one_of(
        tx.get_database_backend(),
        Expr::col(active_job::Column::JobId),
        &ids,
    );
    let find = active_job::Entity::find().filter(of_jobs);
    let listed: Vec<active_job::Model> = find.rows(tx).await?;
    for event in events.iter_mut().filter(|_| !listed.is_empty()) {
        let Some((job_id, kept)) = kept_of(event, EventKind::Cancelled) else {
            continue;
        };
        let of_job = listed.iter().filter(|one| one.job_id == job_id);
        let entries: Vec<Entry> = of_job.map(Entry::of).collect();
        if !entries.is_empty() {
            kept.insert(LISTS.to_owned(), json!(entries));
        }
    }
    Ok(())
}

/// Puts the jobs of these undos back on the lists that the cancel removed them from.
pub(in crate::db) async fn put_back(tx: &Tx, events: &[job_event::Model]) -> Result<(), DbErr> {
    let undone = events
        .iter()
        .filter(|event| event.kind == EventKind::Undone.as_str());
    let rows: Vec<active_job::Model> = undone.flat_map(entries_of).collect();
    if !rows.is_empty() {
        bulk::insert_unless_there::<active_job::Entity, _>(tx, &rows).await?;
    }
    Ok(())
}

/// Returns the job of an event of this kind, and what the event keeps.
fn kept_of(
    event: &mut job_event::Model,
    kind: EventKind,
) -> Option<(String, &mut serde_json::Map<String, Value>)> {
    if event.kind != kind.as_str() {
        return None;
    }
    let kept = event.data.as_mut()?.get_mut(KEPT)?.as_object_mut()?;
    Some((event.job_id.clone(), kept))
}

fn entries_of(event: &job_event::Model) -> Vec<active_job::Model> {
    let lists = event.data.as_ref().map(|data| &data[KEPT][LISTS]);
    let entries = lists.and_then(|lists| serde_json::from_value(lists.clone()).ok());
    let row = |entry: Entry| active_job::Model {
        client_id: entry.client_id,
        job_id: event.job_id.clone(),
        title: entry.title,
        created_at: entry.created_at,
    };
    entries
        .map(|entries: Vec<Entry>| entries.into_iter().map(row).collect())
        .unwrap_or_default()
}

impl Entry {
    fn of(row: &active_job::Model) -> Self {
        Self {
            client_id: row.client_id.clone(),
            title: row.title.clone(),
            created_at: row.created_at,
        }
    }
}
