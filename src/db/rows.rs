//! Rows to jobs, by the position of each column: finding 39 columns by name costs more than reading them.

use entity::job;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, QueryTrait, Select, TryGetable};

/// The jobs of a query that selects all columns in the order of the entity.
pub async fn jobs(db: &impl ConnectionTrait, query: Select<job::Entity>) -> Result<Vec<job::Model>, DbErr> {
    let rows = db.query_all(&query.into_query()).await?;
    rows.iter().map(job).collect()
}

fn job(row: &QueryResult) -> Result<job::Model, DbErr> {
    let mut columns = Columns { row, next: 0 };
    Ok(job::Model {
        id: columns.next()?,
        job_type: columns.next()?,
        mode: columns.next()?,
        content: columns.next()?,
        user_requirement: columns.next()?,
        style: columns.next()?,
        project_title: columns.next()?,
        request_data: columns.next()?,
        context: columns.next()?,
        working_dir: columns.next()?,
        episode_id: columns.next()?,
        series_id: columns.next()?,
        priority: columns.next()?,
        run_at: columns.next()?,
        max_attempts: columns.next()?,
        labels: columns.next()?,
        idempotency_key: columns.next()?,
        idempotency_fingerprint: columns.next()?,
        source: columns.next()?,
        source_status: columns.next()?,
        status: columns.next()?,
        progress: columns.next()?,
        current_stage: columns.next()?,
        result_data: columns.next()?,
        error_message: columns.next()?,
        total_shots: columns.next()?,
        completed_shots: columns.next()?,
        created_at: columns.next()?,
        updated_at: columns.next()?,
        started_at: columns.next()?,
        completed_at: columns.next()?,
        attempt: columns.next()?,
        worker_id: columns.next()?,
        lease_token: columns.next()?,
        lease_expires_at: columns.next()?,
        cancel_requested_at: columns.next()?,
        version: columns.next()?,
        status_since: columns.next()?,
        last_lease_token: columns.next()?,
    })
}

struct Columns<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl Columns<'_> {
    fn next<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        let place = self.next;
        self.next += 1;
        self.row.try_get_by_index(place)
    }
}
