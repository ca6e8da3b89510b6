//! Numbers of waiting jobs, stuck jobs and workers.

use crate::{
    db::{
        Readable, due_since, is_processing, is_queued,
        write::{first_due, first_due_of_all},
    },
    error::Result,
    jobs::{Counts, JobManager},
    lifecycle::STALE_AFTER,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{job, queue, worker};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select, sea_query::ExprTrait,
};
use std::collections::HashSet;

/// Time without a call after which a worker that holds no job is stale.
const STALE_AFTER_SILENCE: TimeDelta = TimeDelta::seconds(90);

/// Number of candidates for the oldest job: some rows may be unreadable.
const MAX_OLDEST_CANDIDATES: u64 = 20;

pub struct QueueBacklog {
    /// Queued jobs that are not due yet.
    pub scheduled: u64,
    /// Queued job that has been due for the longest time.
    pub oldest: Option<Oldest>,
    /// Processing jobs whose worker is gone: the lease has expired, or a job without a lease had no
    /// report for 15 minutes.
    pub stuck: u64,
}

pub struct Oldest {
    pub job_id: String,
    /// Time since which the job is due.
    pub due_since: DateTime<Utc>,
}

/// Numbers of workers in the list of workers.
#[derive(Default)]
pub struct Workers {
    pub alive: u64,
    pub busy: u64,
    /// Workers that hold no job and have not called recently.
    pub stale: u64,
}

impl JobManager {
    pub(super) async fn what_waits(
        &self,
        job_type: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(QueueBacklog, Workers)> {
        let db = self.db.read();
        let of_type = |query: Select<job::Entity>| match job_type {
            Some(job_type) => query.filter(job::Column::JobType.eq(job_type)),
            None => query,
        };
        let queued = || of_type(job::Entity::find().filter(is_queued()));
        // A job without `run_at` is due whatever the clock that made it showed.
        let scheduled = queued()
            .filter(due_since().gt(now))
            .filter(job::Column::RunAt.gt(now))
            .count(db)
            .await?;
        let oldest: Vec<(String, DateTime<Utc>)> = queued()
            .filter(due_since().lte(now))
            .select_only()
            .column(job::Column::Id)
            .expr_as(due_since(), "due_since")
            .order_by_asc(due_since())
            .limit(MAX_OLDEST_CANDIDATES)
            .into_tuple()
            .rows(db)
            .await?;
        let oldest = oldest
            .into_iter()
            .next()
            .map(|(job_id, due_since)| Oldest { job_id, due_since });
        let processing = of_type(job::Entity::find().filter(is_processing()));
        let lost = job::Column::LeaseExpiresAt
            .lte(now)
            .or(job::Column::LeaseExpiresAt
                .is_null()
                .and(job::Column::UpdatedAt.lte(now - STALE_AFTER)));
        let stuck = processing.filter(lost).count(db).await?;
        Ok((
            QueueBacklog {
                scheduled,
                oldest,
                stuck,
            },
            self.workers(now).await?,
        ))
    }

    /// Returns the jobs that claims for all these types would get next, without paused types. Without
    /// a paused type, the cost does not depend on their number.
    pub(super) async fn next_jobs(
        &self,
        job_type: Option<&str>,
        by_type: &[(String, Counts)],
        queues: &[queue::Model],
        now: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<job::Model>> {
        let paused: HashSet<&str> = queues
            .iter()
            .filter(|queue| queue.paused)
            .map(|queue| queue.job_type.as_str())
            .collect();
        let waits = |(job_type, counts): &&(String, Counts)| {
            counts.queued > 0 && !paused.contains(job_type.as_str())
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if job_type.is_none() && paused.is_empty() {
            return Ok(first_due_of_all(self.db.read(), now, limit).await?);
        }
        let types: Vec<String> = by_type
            .iter()
            .filter(waits)
            .map(|(job_type, _)| job_type.clone())
            .collect();
        Ok(first_due(self.db.read(), &types, now, limit).await?)
    }

    /// Counts the workers that called recently or hold a job. The database counts them, since a
    /// client may name another worker with each call.
    async fn workers(&self, now: DateTime<Utc>) -> Result<Workers> {
        use job::Column as C;
        let db = self.db.read();
        let holders = || {
            let held = job::Entity::find()
                .filter(is_processing())
                .filter(C::WorkerId.is_not_null());
            held.select_only().column(C::WorkerId).distinct()
        };
        let holds = C::LeaseExpiresAt.gt(now).or(C::LeaseExpiresAt
            .is_null()
            .and(C::UpdatedAt.gt(now - STALE_AFTER)));
        let busy = holders().filter(holds);
        let asked_lately = worker::Entity::find()
            .filter(worker::Column::LastSeenAt.gte(now - STALE_AFTER_SILENCE))
            .filter(worker::Column::WorkerId.not_in_subquery(busy.clone().into_query()));
        let listed = worker::Entity::find()
            .select_only()
            .column(worker::Column::WorkerId)
            .into_query();
        let unlisted = holders().filter(C::WorkerId.not_in_subquery(listed));
        let all = worker::Entity::find().count(db).await? + unlisted.count(db).await?;
        let busy = busy.count(db).await?;
        let alive = busy + asked_lately.count(db).await?;
        Ok(Workers {
            alive,
            busy,
            stale: all.saturating_sub(alive),
        })
    }
}
