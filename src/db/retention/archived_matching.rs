//! Archived jobs that an action is to put back.

use crate::{
    db::{Database, Readable, rows::bulk},
    error::Result,
    lifecycle::Counts,
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, archived_job};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

/// Conditions on archived jobs. The default matches all that are not in the database.
#[derive(Clone, Debug, Default)]
pub struct ArchivedScope {
    /// Statuses, one of which a job must have; empty for any.
    pub statuses: Vec<JobStatus>,
    /// Ids of the jobs; empty for all.
    pub job_ids: Vec<String>,
    pub job_type: Option<String>,
    pub created_after: Option<DateTime<Utc>>,
    pub created_before: Option<DateTime<Utc>>,
    pub ended_after: Option<DateTime<Utc>>,
    pub ended_before: Option<DateTime<Utc>>,
}

impl ArchivedScope {
    fn condition(&self, db: &Database) -> Condition {
        use archived_job::Column as A;
        let statuses =
            (!self.statuses.is_empty()).then(|| A::Status.is_in(self.statuses.iter().copied()));
        let ids: Vec<&str> = self.job_ids.iter().map(String::as_str).collect();
        let backend = sea_orm::ConnectionTrait::get_database_backend(db.read());
        let ids = (!ids.is_empty()).then(|| bulk::is_one_of(backend, Expr::col(A::JobId), &ids));
        Condition::all()
            .add(A::RestoredAt.is_null())
            .add_option(statuses)
            .add_option(ids)
            .add_option(self.job_type.as_ref().map(|name| A::JobType.eq(name)))
            .add_option(self.created_after.map(|at| A::CreatedAt.gte(at)))
            .add_option(self.created_before.map(|at| A::CreatedAt.lt(at)))
            .add_option(self.ended_after.map(|at| A::CompletedAt.gte(at)))
            .add_option(self.ended_before.map(|at| A::CompletedAt.lt(at)))
    }
}

impl Database {
    /// Counts the archived jobs of the scope by status.
    pub async fn count_archived(&self, scope: &ArchivedScope) -> Result<Counts> {
        use archived_job::Column as A;
        let rows: Vec<(JobStatus, i64)> = archived_job::Entity::find()
            .select_only()
            .column(A::Status)
            .column_as(A::JobId.count(), "jobs")
            .filter(scope.condition(self))
            .group_by(A::Status)
            .into_tuple()
            .rows(self.read())
            .await?;
        let mut counts = Counts::default();
        for (status, jobs) in rows {
            counts.add(status, jobs);
        }
        Ok(counts)
    }

    /// Returns the archived jobs of the scope behind the id `after`, in the order of their ids: at
    /// most `limit`.
    pub async fn archived_behind(
        &self,
        scope: &ArchivedScope,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<archived_job::Model>> {
        use archived_job::Column as A;
        let mut find = archived_job::Entity::find()
            .filter(scope.condition(self))
            .order_by_asc(A::JobId)
            .limit(limit);
        if let Some(after) = after {
            find = find.filter(A::JobId.gt(after));
        }
        Ok(find.rows(self.read()).await?)
    }
}
