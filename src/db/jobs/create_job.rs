//! Creates jobs: a few statements insert the rows, items and first events of any number of
//! requests.

use crate::{
    db::{
        BatchWrite, Call, Entry, QueuedWrite, Readable, Tx, Write, WriteOutcome,
        catalog::parents::check_parents,
        connection::errors,
        events::{event, write_events},
        jobs::{locks, weight::weight_of},
        jobs_of,
        retention::archived::archived_among,
        rows::{bulk, once::replay},
        writer::by,
    },
    error::{Error, Result},
    lifecycle::{EventKind, version_after},
};
use entity::{active_job, job, job_event, job_item};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr,
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

pub struct CreateJob {
    pub job: job::Model,
    pub items: Vec<job_item::Model>,
    /// Whether the creator chose the id, so that a job with this id may have been deleted before.
    pub named: bool,
    /// Entry of the job on its client's list of active jobs.
    pub active: Option<active_job::Model>,
}

pub struct Created {
    pub job: job::Model,
    /// Whether the idempotency key is known; `job` is the one that the first call created then.
    pub replayed: bool,
}

impl Write for CreateJob {
    type Output = Created;

    async fn apply(&self, tx: &Tx) -> Result<Created> {
        let by = tx.by();
        let call = Call {
            write: self,
            by: &by,
        };
        let outcome = create(&[call], tx, false).await?.pop();
        outcome.unwrap_or(WriteOutcome::Blocked).decided()
    }

    /// Returns the idempotency key, or else the id: two creates with one key must not wait for each
    /// other in two queues.
    fn key(&self) -> Option<&str> {
        Some(self.job.idempotency_key.as_deref().unwrap_or(&self.job.id))
    }

    fn weight(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let json = |json: &Option<Value>| json.as_ref().map_or(0, weight_of);
        let items = self
            .items
            .iter()
            .map(|item| 512 + json(&item.input))
            .sum::<usize>();
        let job = &self.job;
        2048 + text(&job.content)
            + text(&job.user_requirement)
            + json(&job.request_data)
            + json(&job.context)
            + json(&job.webhook)
            + items
    }

    fn queued(entry: Entry<Self>) -> QueuedWrite {
        QueuedWrite::Create(Box::new(entry))
    }
}

impl BatchWrite for CreateJob {
    async fn apply_all(calls: &[Call<'_, Self>], tx: &Tx) -> Result<Vec<WriteOutcome<Created>>> {
        create(calls, tx, locks::skips_locked_rows(tx)).await
    }
}

/// Jobs that one caller creates, each accepted or refused by itself.
pub struct CreateJobs {
    pub jobs: Vec<CreateJob>,
}

impl Write for CreateJobs {
    type Output = Vec<Result<Created>>;

    async fn apply(&self, tx: &Tx) -> Result<Self::Output> {
        // A job whose id appears earlier in the call is left for the end, and finds the first one
        // stored.
        let by = tx.by();
        let writes: Vec<_> = self
            .jobs
            .iter()
            .map(|write| Call { write, by: &by })
            .collect();
        let mut outcomes = Vec::with_capacity(writes.len());
        for (outcome, write) in create(&writes, tx, false).await?.into_iter().zip(writes) {
            outcomes.push(match outcome {
                WriteOutcome::Blocked => as_own_answer(write.write.apply(tx).await)?,
                decided => decided.decided(),
            });
        }
        // An idempotency key belongs to the whole call.
        if outcomes
            .iter()
            .any(|outcome| matches!(outcome, Err(Error::IdempotencyKeyReused)))
        {
            Err(Error::IdempotencyKeyReused)
        } else {
            Ok(outcomes)
        }
    }

    fn weight(&self) -> usize {
        self.jobs.iter().map(Write::weight).sum()
    }

    fn is_large(&self) -> bool {
        self.jobs.len() > 100
    }
}

/// Makes the error of one job its own outcome; an error of the database fails the whole call.
fn as_own_answer(outcome: Result<Created>) -> Result<Result<Created>> {
    match outcome {
        Err(error) if errors::is_database_error(&error) => Err(error),
        outcome => Ok(outcome),
    }
}

async fn create(
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
    Ok(outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or(WriteOutcome::Blocked))
        .collect())
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

/// Defers the writes whose id or idempotency key appears earlier in the batch until that write is
/// done.
fn repeated(writes: &[Call<'_, CreateJob>], outcomes: &mut [Option<WriteOutcome<Created>>]) {
    let (mut ids, mut keys) = (HashSet::new(), HashSet::new());
    for (write, outcome) in writes
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| outcome.is_none())
    {
        let key_repeats = write
            .job
            .idempotency_key
            .as_ref()
            .is_some_and(|key| !keys.insert(key));
        if !ids.insert(&write.job.id) || key_repeats {
            *outcome = Some(WriteOutcome::Blocked);
        }
    }
}

/// Answers those of `asking` whose idempotency key is known with the job that the first call
/// created, if it was the same request.
async fn first_answers(
    tx: &Tx,
    writes: &[Call<'_, CreateJob>],
    asking: Vec<usize>,
    outcomes: &mut [Option<WriteOutcome<Created>>],
) -> Result<()> {
    let keys: Vec<&str> = asking
        .iter()
        .filter_map(|i| writes[*i].job.idempotency_key.as_deref())
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    let known = bulk::is_one_of(
        tx.get_database_backend(),
        Expr::col(job::Column::IdempotencyKey),
        &keys,
    );
    let first = jobs_of(tx, job::Entity::find().filter(known)).await?;
    let first: HashMap<_, _> = first
        .into_iter()
        .map(|job| (job.idempotency_key.clone(), job))
        .collect();
    for i in asking {
        let job = &writes[i].job;
        if job.idempotency_key.is_none() {
            continue;
        }
        let same =
            |first: &job::Model| first.idempotency_fingerprint == job.idempotency_fingerprint;
        if let Some(outcome) = replay(first.get(&job.idempotency_key).cloned(), same).transpose() {
            let replayed = true;
            let seen = outcome.and_then(|job| by::see(writes[i].by, job));
            outcomes[i] = Some(seen.map(|job| Created { job, replayed }).into());
        }
    }
    Ok(())
}

/// Refuses the writes that name a series or an episode that does not exist. Defers those whose
/// parent was skipped, because another transaction has locked it.
async fn without_parents(
    tx: &Tx,
    writes: &[Call<'_, CreateJob>],
    outcomes: &mut [Option<WriteOutcome<Created>>],
    skip_locked: bool,
) -> Result<()> {
    let mut by_parents: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (i, write) in writes
        .iter()
        .enumerate()
        .filter(|(i, _)| outcomes[*i].is_none())
    {
        let parents = (
            write.job.series_id.as_deref(),
            write.job.episode_id.as_deref(),
        );
        by_parents.entry(parents).or_default().push(i);
    }
    for ((series, episode), children) in by_parents {
        match check_parents(tx, series, episode, skip_locked).await {
            Ok(true) => {}
            Ok(false) => children
                .into_iter()
                .for_each(|i| outcomes[i] = Some(WriteOutcome::Blocked)),
            Err(Error::UnknownReference { thing, id, pointer }) => {
                for i in children {
                    let error = Error::UnknownReference {
                        thing,
                        id: id.clone(),
                        pointer,
                    };
                    outcomes[i] = Some(WriteOutcome::Refused(error));
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
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
