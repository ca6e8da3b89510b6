//! Assignment of found jobs to the worker of a claim: the rows, their leases and their events.

use crate::{
    db::{
        Tx, dialect,
        events::{event, write_events},
        jobs::claim::{
            capacity::RunLimits,
            claim_jobs::{ClaimJobs, Claimed},
            claim_size::ItemsOf,
        },
        rows::bulk,
        writer::by,
    },
    error::Result,
    lifecycle::EventKind,
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use entity::{JobStatus, job};
use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use serde_json::json;

/// Returns when an attempt that starts now has to end; `None` if it has no maximum.
pub fn run_until(max_run_seconds: Option<i32>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    now.checked_add_signed(TimeDelta::seconds(max_run_seconds?.into()))
}

impl ClaimJobs {
    /// Writes the jobs as running under new leases, with their events, and returns them.
    pub(super) async fn assign(
        &self,
        tx: &Tx,
        jobs: Vec<job::Model>,
        mut items: ItemsOf,
        limits: &RunLimits,
        now: DateTime<Utc>,
    ) -> Result<Vec<Claimed>> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let given: Vec<job::Model> = jobs
            .iter()
            .map(|job| self.given(job, limits, now))
            .collect();
        self.write(tx, &given, now).await?;
        let event_data =
            |job: &job::Model| json!({"attempt": job.attempt, "worker_id": job.worker_id});
        let by = tx.by();
        let started = |(before, job): (&job::Model, &job::Model)| {
            let mut event = event(Some(before), job, EventKind::Started, Some(event_data(job)));
            by::sign(&mut event, &by);
            event
        };
        let events: Vec<_> = jobs.iter().zip(&given).map(started).collect();
        write_events(tx, &events).await?;
        let claimed = |job: job::Model| Claimed {
            items: items.remove(&job.id).unwrap_or_default(),
            job_token: None,
            job,
        };
        Ok(given.into_iter().map(claimed).collect())
    }

    /// Returns the row as the statement of `claims::assign` leaves it.
    fn given(&self, before: &job::Model, limits: &RunLimits, now: DateTime<Utc>) -> job::Model {
        let limit = before.max_run_seconds;
        let limit = limit.or_else(|| limits.get(&before.job_type).copied());
        job::Model {
            status: JobStatus::Processing,
            // Jobs whose counters are at their maximum are not selected.
            attempt: before.attempt.saturating_add(1),
            version: before.version.saturating_add(1),
            started_at: before.started_at.or(Some(now)),
            status_since: Some(now),
            updated_at: now,
            worker_id: Some(self.worker_id.clone()),
            lease_token: Some(self.chance.id()),
            lease_expires_at: Some(now + self.lease),
            last_lease_token: None,
            error_message: None,
            claim_id: self.claim_id.clone(),
            last_heard_at: None,
            run_until: run_until(limit, now),
            ..before.clone()
        }
    }

    async fn write(&self, tx: &Tx, given: &[job::Model], now: DateTime<Utc>) -> Result<(), DbErr> {
        let backend = tx.get_database_backend();
        let mut values: Vec<Value> = vec![
            self.worker_id.as_str().into(),
            (now + self.lease).into(),
            now.into(),
            self.claim_id.clone().into(),
        ];
        let given: Vec<[String; 3]> = given.iter().map(assigned).collect();
        if dialect::rows::takes_arrays(backend) {
            for column in 0..3 {
                let column: Vec<_> = given.iter().map(|row| row[column].as_str()).collect();
                values.push(bulk::list(backend, &column).into());
            }
        } else {
            values.push(json!(given).to_string().into());
        }
        let sql = dialect::claims::assign(backend);
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
        Ok(())
    }
}

/// Id, lease token and end of the attempt, as `claims::assign` reads them.
fn assigned(job: &job::Model) -> [String; 3] {
    let until = job.run_until;
    let until = until.map(|until| until.to_rfc3339_opts(SecondsFormat::AutoSi, false));
    [
        job.id.clone(),
        job.lease_token.clone().unwrap_or_default(),
        until.unwrap_or_default(),
    ]
}
