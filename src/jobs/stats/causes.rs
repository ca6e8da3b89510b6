//! Causes of failures: the newest failed jobs, grouped by their errors.

use crate::{
    db::{Readable, prefix},
    error::Result,
    jobs::JobManager,
    lifecycle::{alike, first_line},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use std::collections::HashMap;

/// Maximum number of characters of an error that are searched for its first line: the rest may be
/// the log of a whole run.
const ERROR_PREFIX_CHARS: i32 = 1000;

/// Failed jobs whose errors begin with the same line, apart from numbers and ids.
pub struct Cause {
    /// First line of the error of the newest of these jobs, at most 1,000 characters; empty if the
    /// job has no error.
    pub error: String,
    /// Failed jobs, newest first.
    pub jobs: Vec<FailedJob>,
}

pub struct FailedJob {
    pub job_id: String,
    pub project_title: Option<String>,
    pub failed_at: Option<DateTime<Utc>>,
}

type Row = (
    String,
    Option<String>,
    Option<DateTime<Utc>>,
    Option<String>,
);

impl JobManager {
    /// Groups the newest failed jobs, at most `of_jobs`, by cause; the causes with the most jobs
    /// first.
    pub(super) async fn causes(&self, job_type: Option<&str>, of_jobs: u64) -> Result<Vec<Cause>> {
        use job::Column as C;
        let of_type = job_type.map(|job_type| C::JobType.eq(job_type));
        let rows: Vec<Row> = job::Entity::find()
            .select_only()
            .columns([C::Id, C::ProjectTitle, C::CompletedAt])
            .expr(prefix(Expr::col(C::ErrorMessage), ERROR_PREFIX_CHARS))
            .filter(
                sea_orm::Condition::all()
                    .add(C::Status.eq(JobStatus::Failed))
                    .add_option(of_type),
            )
            .order_by_desc(C::CreatedAt)
            .order_by_desc(C::Id)
            .limit(of_jobs)
            .into_tuple()
            .rows(self.db.read())
            .await?;
        Ok(gather(rows))
    }
}

fn gather(rows: Vec<Row>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (job_id, project_title, failed_at, error) in rows {
        let line = first_line(error.as_deref().unwrap_or_default());
        let at = *known.entry(alike(line)).or_insert_with(|| {
            causes.push(Cause {
                error: line.to_owned(),
                jobs: Vec::new(),
            });
            causes.len() - 1
        });
        causes[at].jobs.push(FailedJob {
            job_id,
            project_title,
            failed_at,
        });
    }
    // The sort is stable: of causes with the same number of jobs, the one with the newer job stays
    // first.
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.jobs.len()));
    causes
}
