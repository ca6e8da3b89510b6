//! Numbers of waiting jobs, stuck jobs and workers, and the newest failures.

use crate::{
    db::{
        Database, Readable,
        dialect::{due_since, is_claimable, is_processing, prefix},
        jobs::stale::{is_held, is_lost},
    },
    error::Result,
    lifecycle::MAX_SIGNATURE_CHARS,
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job, worker};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
    sea_query::{Expr, ExprTrait},
};

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
pub struct WorkerNumbers {
    pub alive: u64,
    pub busy: u64,
    /// Workers that hold no job and have not called recently.
    pub stale: u64,
}

/// Failed job with the beginning of its error.
pub struct Failed {
    pub job_id: String,
    pub job_type: String,
    pub worker_id: Option<String>,
    pub project_title: Option<String>,
    pub failed_at: Option<DateTime<Utc>>,
    pub error: Option<String>,
}

impl Database {
    /// Returns the numbers of waiting and stuck jobs: of all jobs, or of one type.
    pub async fn backlog(
        &self,
        job_type: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<QueueBacklog> {
        let db = self.read();
        let of_type = |query: Select<job::Entity>| match job_type {
            Some(job_type) => query.filter(job::Column::JobType.eq(job_type)),
            None => query,
        };
        let queued = || of_type(job::Entity::find().filter(is_claimable()));
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
        let stuck = processing.filter(is_lost(now)).count(db).await?;
        Ok(QueueBacklog {
            scheduled,
            oldest,
            stuck,
        })
    }

    /// Counts the workers that called since `silent_since` or hold a job. The database counts them,
    /// since a client may name another worker with each call.
    pub async fn worker_numbers(
        &self,
        now: DateTime<Utc>,
        silent_since: DateTime<Utc>,
    ) -> Result<WorkerNumbers> {
        use job::Column as C;
        let db = self.read();
        let holders = || {
            let held = job::Entity::find()
                .filter(is_processing())
                .filter(C::WorkerId.is_not_null());
            held.select_only().column(C::WorkerId).distinct()
        };
        let busy = holders().filter(is_held(now));
        let asked_lately = worker::Entity::find()
            .filter(worker::Column::LastSeenAt.gte(silent_since))
            .filter(worker::Column::WorkerId.not_in_subquery(busy.clone().into_query()));
        let listed = worker::Entity::find()
            .select_only()
            .column(worker::Column::WorkerId)
            .into_query();
        let unlisted = holders().filter(C::WorkerId.not_in_subquery(listed));
        let all = worker::Entity::find().count(db).await? + unlisted.count(db).await?;
        let busy = busy.count(db).await?;
        let alive = busy + asked_lately.count(db).await?;
        Ok(WorkerNumbers {
            alive,
            busy,
            stale: all.saturating_sub(alive),
        })
    }

    /// Returns the newest failed jobs, of all types or of one: at most `limit`.
    pub async fn newest_failures(&self, job_type: Option<&str>, limit: u64) -> Result<Vec<Failed>> {
        use job::Column as C;
        type Row = (
            String,
            String,
            Option<String>,
            Option<String>,
            Option<DateTime<Utc>>,
            Option<String>,
        );
        let of_type = job_type.map(|job_type| C::JobType.eq(job_type));
        let rows: Vec<Row> = job::Entity::find()
            .select_only()
            .columns([
                C::Id,
                C::JobType,
                C::WorkerId,
                C::ProjectTitle,
                C::CompletedAt,
            ])
            .expr(prefix(
                Expr::col(C::ErrorMessage),
                MAX_SIGNATURE_CHARS.into(),
            ))
            .filter(
                Condition::all()
                    .add(C::Status.eq(JobStatus::Failed))
                    .add_option(of_type),
            )
            .order_by_desc(C::CreatedAt)
            .order_by_desc(C::Id)
            .limit(limit)
            .into_tuple()
            .rows(self.read())
            .await?;
        let failed = |(job_id, job_type, worker_id, project_title, failed_at, error): Row| Failed {
            job_id,
            job_type,
            worker_id,
            project_title,
            failed_at,
            error,
        };
        Ok(rows.into_iter().map(failed).collect())
    }
}
