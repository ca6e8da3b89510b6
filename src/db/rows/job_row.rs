//! Job of a row, whose values are taken by their positions.

use super::columns::Columns;
use entity::job;
use sea_orm::DbErr;

/// Takes the columns of a job in the order of the entity.
pub(super) fn job(columns: &mut impl Columns) -> Result<job::Model, DbErr> {
    let job = job::Model {
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
        max_run_seconds: columns.next()?,
        webhook: columns.next()?,
        status: columns.next()?,
        progress: columns.next()?,
        current_stage: columns.next()?,
        result_data: columns.next()?,
        error_message: columns.next()?,
        total_shots: columns.next()?,
        completed_shots: columns.next()?,
        created_at: columns.next()?,
        created_by: columns.next()?,
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
        claim_id: columns.next()?,
        last_heard_at: columns.next()?,
        unheard_claims: columns.next()?,
        run_until: columns.next()?,
        holds: columns.next()?,
    };
    in_years(&job)
        .then_some(job)
        .ok_or_else(|| DbErr::Type("a time is outside the years 1 to 9999".to_owned()))
}

/// Checks that all times of the job lie in the years 1 to 9999: SQLite holds any text for a time,
/// and chrono reads years of five digits.
fn in_years(job: &job::Model) -> bool {
    let optional = [
        job.run_at,
        job.started_at,
        job.completed_at,
        job.lease_expires_at,
        job.cancel_requested_at,
        job.status_since,
        job.last_heard_at,
        job.run_until,
    ];
    let mut times = [job.created_at, job.updated_at]
        .into_iter()
        .chain(optional.into_iter().flatten());
    times.all(|time| YEARS.contains(&time.timestamp()))
}

/// Range of the years 1 to 9999, in seconds since 1970.
pub const YEARS: std::ops::Range<i64> = -62_135_596_800..253_402_300_800;
