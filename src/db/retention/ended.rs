//! Ended jobs that were kept as long as the rules say.

use crate::{
    db::{Database, Readable, dialect},
    error::Result,
    lifecycle::{Cursor, KeepRule, KeepRules},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, archived_job, job, job_event, job_label};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

/// Label of jobs that retention leaves alone, and its value.
pub const KEEP_LABEL: (&str, &str) = ("keep", "true");

/// Statuses that end a job.
pub const ENDED: [JobStatus; 3] = [
    JobStatus::Completed,
    JobStatus::Failed,
    JobStatus::Cancelled,
];

/// Job that is to go, as a query found it.
#[derive(Clone, Debug)]
pub struct EndedJob {
    pub id: String,
    pub job_type: String,
    pub version: i64,
    pub created_at: DateTime<Utc>,
}

/// Ended jobs of a status that may go.
#[derive(Clone)]
pub struct EndedJobs<'a> {
    pub rules: &'a KeepRules,
    pub status: JobStatus,
    pub now: DateTime<Utc>,
    /// Position up to which all followers have read the history; `None` to leave them out of
    /// account.
    pub seen_upto: Option<i64>,
}

/// Number of jobs of a type that ended in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedCount {
    pub status: JobStatus,
    pub job_type: String,
    /// Year and month, such as `2026-01`.
    pub month: String,
    pub jobs: u64,
}

impl EndedJobs<'_> {
    /// Returns the condition for the jobs; `None` if the rules keep all of them.
    fn condition(&self) -> Option<Condition> {
        use job::Column as J;
        let mut oldest_end = None;
        let mut of_types = Condition::any();
        let mut add = |types: Expr, rule: &KeepRule| {
            let Some(before) = rule.ended_before(self.status, self.now) else {
                return;
            };
            oldest_end = Ord::max(oldest_end, Some(before));
            of_types = of_types
                .clone()
                .add(types.and(Expr::col((job::Entity, J::CompletedAt)).lte(before)));
        };
        let job_type = || Expr::col((job::Entity, J::JobType));
        for (name, rule) in &self.rules.by_type {
            add(job_type().eq(name.as_str()), rule);
        }
        let own = self.rules.by_type.keys().map(String::as_str);
        add(job_type().is_not_in(own), &self.rules.default);
        let before = oldest_end?;
        // No job ends before it is created, so that the range of the index ends there too.
        let condition = Condition::all()
            .add(J::Status.eq(self.status))
            .add(J::CreatedAt.lte(before))
            .add(of_types)
            .add(Expr::exists(labelled()).not())
            .add(Expr::exists(self.restored()).not());
        Some(match self.seen_upto {
            Some(position) => condition.add(Expr::exists(unseen(position)).not()),
            None => condition,
        })
    }

    /// Jobs that were restored from the archive are kept for their time from then on.
    fn restored(&self) -> SelectStatement {
        use archived_job::Column as A;
        let rules = self.rules.by_type.values().chain([&self.rules.default]);
        let before = rules.filter_map(|rule| rule.ended_before(self.status, self.now));
        let since = before.min().unwrap_or(self.now);
        Query::select()
            .expr(Expr::val(1))
            .from(archived_job::Entity)
            .and_where(
                Expr::col((archived_job::Entity, A::JobId)).equals((job::Entity, job::Column::Id)),
            )
            .and_where(Expr::col((archived_job::Entity, A::RestoredAt)).gt(since))
            .to_owned()
    }
}

/// The label of the job that keeps it.
fn labelled() -> SelectStatement {
    use job_label::Column as L;
    let (key, value) = KEEP_LABEL;
    let of_job =
        |label, column| Expr::col((job_label::Entity, label)).equals((job::Entity, column));
    Query::select()
        .expr(Expr::val(1))
        .from(job_label::Entity)
        .and_where(Expr::col((job_label::Entity, L::LabelKey)).eq(key))
        .and_where(Expr::col((job_label::Entity, L::LabelValue)).eq(value))
        .and_where(of_job(L::JobCreatedAt, job::Column::CreatedAt))
        .and_where(of_job(L::JobId, job::Column::Id))
        .to_owned()
}

/// The last event of the job, if a follower has not read it yet.
fn unseen(position: i64) -> SelectStatement {
    use job_event::Column as E;
    let of_job =
        |event, column| Expr::col((job_event::Entity, event)).equals((job::Entity, column));
    Query::select()
        .expr(Expr::val(1))
        .from(job_event::Entity)
        .and_where(of_job(E::JobId, job::Column::Id))
        .and_where(of_job(E::Seq, job::Column::Version))
        .and_where(Expr::col((job_event::Entity, E::Id)).gt(position))
        .to_owned()
}

impl Database {
    /// Returns the jobs behind the cursor, oldest first: at most `limit`.
    pub async fn ended_jobs(
        &self,
        jobs: &EndedJobs<'_>,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<Vec<EndedJob>> {
        use job::Column as J;
        let Some(condition) = jobs.condition() else {
            return Ok(Vec::new());
        };
        let mut find = job::Entity::find()
            .select_only()
            .columns([J::Id, J::JobType, J::Version, J::CreatedAt])
            .filter(condition)
            .order_by_asc(J::CreatedAt)
            .order_by_asc(J::Id)
            .limit(limit);
        if let Some(after) = after {
            let place = |at: Expr, id: Expr| Expr::tuple([at, id]);
            let of_row = place(
                Expr::col((job::Entity, J::CreatedAt)),
                Expr::col((job::Entity, J::Id)),
            );
            let of_cursor = place(Expr::val(after.created_at), Expr::val(after.id.as_str()));
            find = find
                .filter(J::CreatedAt.gte(after.created_at))
                .filter(of_row.gt(of_cursor));
        }
        let rows: Vec<(String, String, i64, DateTime<Utc>)> =
            find.into_tuple().rows(self.read()).await?;
        let job = |(id, job_type, version, created_at)| EndedJob {
            id,
            job_type,
            version,
            created_at,
        };
        Ok(rows.into_iter().map(job).collect())
    }

    /// Counts the jobs by type and month.
    pub async fn count_ended(&self, jobs: &EndedJobs<'_>) -> Result<Vec<EndedCount>> {
        use job::Column as J;
        let Some(condition) = jobs.condition() else {
            return Ok(Vec::new());
        };
        let month = dialect::month_of(
            self.read().get_database_backend(),
            Expr::col((job::Entity, J::CompletedAt)),
        );
        let rows: Vec<(String, String, i64)> = job::Entity::find()
            .select_only()
            .column(J::JobType)
            .expr_as(month, "month")
            .expr_as(Expr::col((job::Entity, J::Id)).count(), "jobs")
            .filter(condition)
            .group_by(J::JobType)
            .group_by(Expr::col("month"))
            .order_by_asc(J::JobType)
            .order_by_asc(Expr::col("month"))
            .into_tuple()
            .rows(self.read())
            .await?;
        let status = jobs.status;
        let count = |(job_type, month, n): (String, String, i64)| EndedCount {
            status,
            job_type,
            month,
            jobs: n.unsigned_abs(),
        };
        Ok(rows.into_iter().map(count).collect())
    }
}
