//! Insertion of new jobs, with their items and their first events.

use super::{
    CreateJob, Created,
    answers::{first_answers, repeated, without_parents},
};
use crate::{
    db::{
        Call, Readable, Tx, WriteOutcome,
        events::{event, write_events},
        retention::archived::archived_among,
        rows::bulk,
        writer::by,
    },
    error::{Error, Result},
    lifecycle::{EventKind, version_after},
};
use entity::{active_job, job, job_event, job_item};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr,
};
use std::collections::{BTreeMap, HashSet};

/// Creates the jobs of these writes. Returns one outcome per write, in order.
pub(super) async fn create(
    writes: &[Call<'_, CreateJob>],
    tx: &Tx,
    skip_locked: bool,
) -> Result<Vec<WriteOutcome<Created>>> {
    let mut outcomes: Vec<Option<WriteOutcome<Created>>> = writes.iter().map(|_| None).collect();
    first_answers(tx, writes, (0..writes.len()).collect(), &mut outcomes).await?;
    repeated(writes, &mut outcomes);
    without_parents(tx, writes, &mut outcomes, skip_locked).await?;

    let mut jobs: BTreeMap<&str, (usize, job::Model)> = BTreeMap::new();
    for (i, write) in writes
        .iter()
        .enumerate()
        .filter(|(i, _)| outcomes[*i].is_none())
    {
        jobs.insert(&write.job.id, (i, write.job.clone()));
    }
    let in_the_way = insert_jobs(tx, writes, &jobs).await?;
    jobs.retain(|_, (i, _)| !in_the_way.contains(i));
    for i in &in_the_way {
        let id = writes[*i].job.id.clone();
        outcomes[*i] = Some(WriteOutcome::Refused(Error::JobExists(id)));
    }
    // On PostgreSQL the conflicting row may have been committed after the check above.
    first_answers(tx, writes, in_the_way, &mut outcomes).await?;

    for id in go_on_counting(tx, writes, &mut jobs).await? {
        if let Some((i, _)) = jobs.remove(id.as_str()) {
            outcomes[i] = Some(WriteOutcome::Refused(Error::JobExists(id)));
        }
    }
    let items: Vec<_> = jobs.values().flat_map(|(i, _)| &writes[*i].items).collect();
    bulk::insert::<job_item::Entity, _>(tx, &items).await?;
    let active: Vec<_> = jobs
        .values()
        .filter_map(|(i, _)| writes[*i].active.as_ref())
        .collect();
    bulk::insert::<active_job::Entity, _>(tx, &active).await?;
    let events: Vec<_> = jobs
        .values()
        .map(|(i, job)| {
            let mut event = event(None, job, EventKind::Created, None);
            by::sign(&mut event, writes[*i].by);
            event
        })
        .collect();
    write_events(tx, &events).await?;
    for (i, job) in jobs.into_values() {
        let replayed = false;
        outcomes[i] = Some(WriteOutcome::Done(Created { job, replayed }));
    }
    Ok(WriteOutcome::of_all(outcomes))
}

/// Inserts the jobs. Returns the indexes of those that conflict with an existing row. A job with a
/// new id and without an idempotency key cannot conflict, so the database need not report its
/// insert.
async fn insert_jobs(
    tx: &Tx,
    writes: &[Call<'_, CreateJob>],
    jobs: &BTreeMap<&str, (usize, job::Model)>,
) -> Result<Vec<usize>, DbErr> {
    let may_fail =
        |(i, job): &&(usize, job::Model)| writes[*i].named || job.idempotency_key.is_some();
    let (risky, safe): (Vec<_>, Vec<_>) = jobs.values().partition(may_fail);
    let rows: Vec<_> = safe.into_iter().map(|(_, job)| job).collect();
    bulk::insert::<job::Entity, _>(tx, &rows).await?;
    let rows: Vec<_> = risky.iter().map(|(_, job)| job).collect();
    let inserted: HashSet<String> = bulk::insert_unless_there::<job::Entity, _>(tx, &rows)
        .await?
        .into_iter()
        .collect();
    Ok(risky
        .into_iter()
        .filter(|(_, job)| !inserted.contains(&job.id))
        .map(|(i, _)| *i)
        .collect())
}

/// Continues the version of a deleted job with the same id, so that no ETag and no event of the id
/// ever has two meanings. Runs after the insert: on PostgreSQL that waits for a concurrent deletion
/// of the id, and the query has to find the event of that deletion.
///
/// Takes back jobs whose id belongs to an archived job, and returns these ids.
async fn go_on_counting(
    tx: &Tx,
    writes: &[Call<'_, CreateJob>],
    jobs: &mut BTreeMap<&str, (usize, job::Model)>,
) -> Result<Vec<String>> {
    let named: Vec<&str> = jobs
        .iter()
        .filter(|(_, (i, _))| writes[*i].named)
        .map(|(id, _)| *id)
        .collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let of_jobs = bulk::is_one_of(
        tx.get_database_backend(),
        Expr::col(job_event::Column::JobId),
        &named,
    );
    let last = job_event::Entity::find()
        .select_only()
        .column(job_event::Column::JobId)
        .column_as(job_event::Column::Seq.max(), "last")
        .filter(of_jobs)
        .group_by(job_event::Column::JobId);
    let last = last.into_tuple::<(String, i64)>().rows(tx).await?;
    // An archived job has left the event of its removal.
    let before: Vec<&str> = last.iter().map(|(id, _)| id.as_str()).collect();
    let archived = archived_among(tx, &before).await?;
    for id in &archived {
        job::Entity::delete_by_id(id).exec(tx).await?;
    }
    let mut changed = Vec::new();
    for (id, last) in last.into_iter().filter(|(id, _)| !archived.contains(id)) {
        if let Some((_, job)) = jobs.get_mut(id.as_str()) {
            job.version = version_after(last, 1).ok_or(Error::CounterExhausted)?;
            changed.push(job.clone());
        }
    }
    bulk::update::<job::Entity>(tx, 1, &[job::Column::Id, job::Column::Version], &changed).await?;
    Ok(archived)
}
