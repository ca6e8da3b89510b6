//! What waits, what is stuck, and who works.

use crate::{
    db::{Readable, due_since, is_processing, is_queued, write::first_due},
    error::Result,
    jobs::{Counts, JobManager},
    lifecycle::STALE_AFTER,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{job, queue, worker};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::ExprTrait,
};
use std::collections::{BTreeMap, BTreeSet};

/// A worker that holds nothing and was not heard of for so long is stale.
const SILENCE: TimeDelta = TimeDelta::seconds(90);

/// Jobs among which the oldest is looked for: some may not be readable.
const OLDEST: u64 = 20;

pub struct Waiting {
    /// Queued, and not due yet.
    pub scheduled: u64,
    /// The queued job that has been due for longest.
    pub oldest: Option<Oldest>,
    /// Processing, but their worker is gone: the lease has run out, or nobody reported for 15 minutes.
    pub stuck: u64,
}

pub struct Oldest {
    pub job_id: String,
    /// Since when it is due.
    pub due_since: DateTime<Utc>,
}

/// Workers that are not forgotten.
#[derive(Default)]
pub struct Workers {
    pub alive: u64,
    pub busy: u64,
    /// Not heard of any more.
    pub stale: u64,
}

impl JobManager {
    pub(super) async fn what_waits(&self, job_type: Option<&str>, now: DateTime<Utc>) -> Result<(Waiting, Workers)> {
        let db = self.db.read();
        let of_type = |query: Select<job::Entity>| match job_type {
            Some(job_type) => query.filter(job::Column::JobType.eq(job_type)),
            None => query,
        };
        let queued = || of_type(job::Entity::find().filter(is_queued()));
        let scheduled = queued().filter(due_since().gt(now)).count(db).await?;
        let oldest: Vec<(String, DateTime<Utc>)> = queued()
            .filter(due_since().lte(now))
            .select_only()
            .column(job::Column::Id)
            .expr_as(due_since(), "due_since")
            .order_by_asc(due_since())
            .limit(OLDEST)
            .into_tuple()
            .rows(db)
            .await?;
        let oldest = oldest.into_iter().next().map(|(job_id, due_since)| Oldest { job_id, due_since });
        let processing = of_type(job::Entity::find().filter(is_processing()));
        let lost = job::Column::LeaseExpiresAt
            .lte(now)
            .or(job::Column::LeaseExpiresAt.is_null().and(job::Column::UpdatedAt.lte(now - STALE_AFTER)));
        let stuck = processing.filter(lost).count(db).await?;
        Ok((Waiting { scheduled, oldest, stuck }, self.workers(now).await?))
    }

    /// The jobs that claims of all these types would give out next; none of a type that is paused.
    pub(super) async fn next_jobs(
        &self,
        by_type: &[(String, Counts)],
        queues: &[queue::Model],
        now: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<job::Model>> {
        let paused = |job_type: &String| queues.iter().any(|queue| queue.paused && queue.job_type == *job_type);
        let waits = |(job_type, counts): &&(String, Counts)| counts.queued > 0 && !paused(job_type);
        let types: Vec<String> = by_type.iter().filter(waits).map(|(job_type, _)| job_type.clone()).collect();
        Ok(first_due(self.db.read(), &types, now, usize::try_from(limit).unwrap_or(usize::MAX)).await?)
    }

    /// Those who asked for jobs lately, and those who hold some.
    async fn workers(&self, now: DateTime<Utc>) -> Result<Workers> {
        use job::Column as C;
        let held: Vec<(String, Option<DateTime<Utc>>, DateTime<Utc>)> = job::Entity::find()
            .filter(is_processing())
            .filter(C::WorkerId.is_not_null())
            .select_only()
            .columns([C::WorkerId, C::LeaseExpiresAt, C::UpdatedAt])
            .into_tuple()
            .rows(self.db.read())
            .await?;
        let mut busy: BTreeMap<String, bool> = BTreeMap::new();
        for (worker, lease, updated) in held {
            *busy.entry(worker).or_default() |= lease.map_or(updated > now - STALE_AFTER, |lease| lease > now);
        }
        let seen: Vec<(String, DateTime<Utc>)> = worker::Entity::find()
            .select_only()
            .columns([worker::Column::WorkerId, worker::Column::LastSeenAt])
            .into_tuple()
            .rows(self.db.read())
            .await?;
        let idle = |(id, at): &&(String, DateTime<Utc>)| *at >= now - SILENCE && busy.get(id) != Some(&true);
        let idle: BTreeSet<&str> = seen.iter().filter(idle).map(|(id, _)| id.as_str()).collect();
        let all: BTreeSet<&str> =
            seen.iter().map(|(id, _)| id.as_str()).chain(busy.keys().map(String::as_str)).collect();
        let busy = busy.values().filter(|busy| **busy).count() as u64;
        let alive = busy + idle.len() as u64;
        Ok(Workers { alive, busy, stale: all.len() as u64 - alive })
    }
}
