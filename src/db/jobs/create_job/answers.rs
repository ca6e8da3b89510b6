//! Answers to writes that insert nothing: those that repeat another, and those that name a series
//! or an episode that does not exist.

use super::{CreateJob, Created};
use crate::{
    db::{
        Call, Tx, WriteOutcome,
        catalog::parents::check_parents,
        jobs_of,
        rows::{bulk, once::replay},
        writer::by,
    },
    error::{Error, Result},
};
use entity::job;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Defers the writes whose id or idempotency key appears earlier in the batch until that write is
/// done.
pub(super) fn repeated(
    writes: &[Call<'_, CreateJob>],
    outcomes: &mut [Option<WriteOutcome<Created>>],
) {
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
pub(super) async fn first_answers(
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
pub(super) async fn without_parents(
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
