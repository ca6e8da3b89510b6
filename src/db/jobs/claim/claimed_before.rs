//! Repeated claims: a call whose answer was lost gets the jobs that it claimed, under the same
//! lease tokens.

use crate::{
    db::{
        Tx,
        dialect::claims,
        jobs::claim::{
            claim_jobs::{ClaimJobs, Claimed},
            claim_size::items_that_fit,
        },
        rows::{
            bulk,
            job_rows::{self, Read},
        },
    },
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::job;
use sea_orm::{ConnectionTrait, DbErr, IdenStatic, Iterable, Statement};

/// Returns whether the worker runs jobs that it claimed by the call with this id.
pub async fn was_claimed(
    db: &impl ConnectionTrait,
    worker_id: &str,
    claim_id: &str,
) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let sql = claims::claimed_by_call(backend, "id").replace("FOR UPDATE", "LIMIT 1");
    let asked = Statement::from_sql_and_values(backend, sql, [worker_id.into(), claim_id.into()]);
    Ok(db.query_one_raw(asked).await?.is_some())
}

/// Waits until no other transaction claims by the same call: the caller may repeat it while the
/// first is under way.
pub(super) async fn lock(tx: &Tx, claim_id: &str) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    if let Some(sql) = claims::lock_call(backend) {
        let statement = Statement::from_sql_and_values(backend, sql, [claim_id.into()]);
        tx.execute_raw(statement).await?;
    }
    Ok(())
}

/// Returns the jobs that the worker runs by the call with this id, with leases that begin now;
/// none if it runs none.
pub(super) async fn claim_again(
    tx: &Tx,
    claim: &ClaimJobs,
    claim_id: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    let backend = tx.get_database_backend();
    let columns: Vec<_> = job::Column::iter()
        .map(|column| format!("\"{}\"", column.as_str()))
        .collect();
    let sql = claims::claimed_by_call(backend, &columns.join(", "));
    let worker_id = claim.worker_id.as_str().into();
    let asked = Statement::from_sql_and_values(backend, sql, [worker_id, claim_id.into()]);
    let Read { mut jobs, .. } = job_rows::read(tx, asked).await?;
    let by = tx.by();
    jobs.retain(|job| by.as_ref().is_none_or(|caller| caller.binding.holds(job)));
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    for job in &mut jobs {
        job.lease_expires_at = Some(now + claim.lease);
    }
    let columns = [job::Column::Id, job::Column::LeaseExpiresAt];
    bulk::update::<job::Entity>(tx, 1, &columns, &jobs).await?;
    jobs.iter().for_each(|job| tx.note_lease(job.id.clone()));
    // Higher priority first, as in the first answer.
    jobs.sort_by_key(|job| (-job.priority, job.run_at.unwrap_or(job.created_at)));
    let mut items = items_that_fit(tx, &mut jobs).await?;
    let claimed = |job: job::Model| Claimed {
        items: items.remove(&job.id).unwrap_or_default(),
        job_token: None,
        job,
    };
    Ok(jobs.into_iter().map(claimed).collect())
}
