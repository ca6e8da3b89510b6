//! What waits, what is stuck, and who works.

use crate::{
    db::{due_since, is_queued},
    error::Result,
    jobs::JobManager,
    lifecycle::STALE_AFTER,
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::ExprTrait,
};
use std::collections::BTreeMap;

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

/// Workers that hold jobs.
#[derive(Default)]
pub struct Workers {
    pub alive: u64,
    pub busy: u64,
    /// Not heard of for longer than their leases.
    pub stale: u64,
}

impl JobManager {
    pub(super) async fn waiting(&self, job_type: Option<&str>, now: DateTime<Utc>) -> Result<(Waiting, Workers)> {
        let db = self.db.read();
        let of_type = |query: Select<job::Entity>| match job_type {
            Some(job_type) => query.filter(job::Column::JobType.eq(job_type)),
            None => query,
        };
        let queued = || of_type(job::Entity::find().filter(is_queued()));
        let scheduled = queued().filter(due_since().gt(now)).count(db).await?;
        let oldest: Option<(String, DateTime<Utc>)> = queued()
            .filter(due_since().lte(now))
            .select_only()
            .column(job::Column::Id)
            .expr_as(due_since(), "due_since")
            .order_by_asc(due_since())
            .limit(1)
            .into_tuple()
            .one(db)
            .await?;
        let oldest = oldest.map(|(job_id, due_since)| Oldest { job_id, due_since });
        let processing = of_type(job::Entity::find().filter(job::Column::Status.eq(JobStatus::Processing)));
        let lost = job::Column::LeaseExpiresAt
            .lte(now)
            .or(job::Column::LeaseExpiresAt.is_null().and(job::Column::UpdatedAt.lte(now - STALE_AFTER)));
        let stuck = processing.filter(lost).count(db).await?;
        Ok((Waiting { scheduled, oldest, stuck }, self.workers(now).await?))
    }

    /// As far as the jobs that they hold tell.
    async fn workers(&self, now: DateTime<Utc>) -> Result<Workers> {
        use job::Column as C;
        let held: Vec<(String, Option<DateTime<Utc>>, DateTime<Utc>)> = job::Entity::find()
            .filter(C::Status.eq(JobStatus::Processing))
            .filter(C::WorkerId.is_not_null())
            .select_only()
            .columns([C::WorkerId, C::LeaseExpiresAt, C::UpdatedAt])
            .into_tuple()
            .all(self.db.read())
            .await?;
        let mut workers: BTreeMap<String, bool> = BTreeMap::new();
        for (worker, lease, updated) in held {
            *workers.entry(worker).or_default() |= lease.map_or(updated + STALE_AFTER > now, |lease| lease > now);
        }
        let alive = workers.values().filter(|alive| **alive).count() as u64;
        Ok(Workers { alive, busy: alive, stale: workers.len() as u64 - alive })
    }
}
