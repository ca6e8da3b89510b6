//! 100,000 jobs, made by the database itself; or as many as `CALLSHEET_TEST_PLAN_JOBS` says: with
//! ten million, run one test at a time, which takes minutes and 15 GB.

use crate::support::{Backend, TestApp};
use sea_orm::ConnectionTrait;

/// Rows that one statement makes.
const CHUNK: i64 = 1_000_000;

#[allow(
    clippy::disallowed_methods,
    reason = "a setting of the tests, as the databases are"
)]
pub fn jobs() -> i64 {
    std::env::var("CALLSHEET_TEST_PLAN_JOBS").map_or(100_000, |jobs| jobs.parse().unwrap())
}

/// Two jobs a second from 2026 on; a fifth of them in each status; 100 series; one in 100 jobs has
/// the team `rare`.
pub async fn fill(t: &TestApp) {
    let raw = t.db.raw().await;
    let jobs = jobs();
    for first in (1..=jobs).step_by(usize::try_from(CHUNK).unwrap()) {
        for sql in statements(t.db.backend, first, jobs.min(first + CHUNK - 1)) {
            raw.execute_unprepared(&sql).await.unwrap();
        }
    }
    raw.close().await.unwrap();
}

/// What makes the jobs from one number to another, and as many items and events, ten a job.
fn statements(backend: Backend, first: i64, last: i64) -> Vec<String> {
    let (numbers, time, json) = match backend {
        Backend::Sqlite => (
            format!(
                "WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM \
                numbers WHERE n < {last})"
            ),
            "strftime('%Y-%m-%dT%H:%M:%S+00:00', 1767225600 + n / 2, 'unixepoch')",
            "",
        ),
        Backend::Postgres => (
            format!("WITH numbers (n) AS (SELECT generate_series({first}, {last}))"),
            "to_timestamp(1767225600 + n / 2)",
            "::jsonb",
        ),
    };
    let status = "CASE n % 5 WHEN 0 THEN 'queued' WHEN 1 THEN 'processing' WHEN 2 THEN \
        'completed' WHEN 3 THEN 'failed' ELSE 'cancelled' END";
    let parents = format!(
        "INSERT INTO series (id, title, created_at) {numbers} SELECT 'series-' || n, 'S', {time} \
        FROM numbers WHERE n <= 100"
    );
    let episodes = format!(
        "INSERT INTO episodes (id, created_at) {numbers} SELECT 'episode-' || n, {time} FROM \
        numbers WHERE n <= 1000"
    );
    let jobs = format!(
        "INSERT INTO video_generation_jobs \
         (id, job_type, mode, status, completed_at, series_id, episode_id, labels, idempotency_key, created_at, updated_at) {numbers} \
         SELECT 'job-' || n, 'type-' || (n % 7), CASE n % 3 WHEN 0 THEN 'idea' WHEN 1 THEN 'script' END, {status}, \
         CASE WHEN n % 5 >= 2 THEN {time} END, 'series-' || (n % 100 + 1), CASE WHEN n % 2 = 0 THEN 'episode-' || (n % 100 + 1) END, \
         (CASE WHEN n % 100 = 0 THEN '{{\"team\": \"rare\"}}' ELSE '{{\"team\": \"many\"}}' END){json}, 'key-' || n, {time}, {time} FROM numbers"
    );
    let items = format!(
        "INSERT INTO job_items (job_id, idx, key, status, created_at, updated_at) {numbers} \
         SELECT 'job-' || (n / 10 + 1), n % 10, 'shot-' || (n % 10), 'pending', {time}, {time} FROM numbers"
    );
    let events = format!(
        "INSERT INTO job_events (job_id, seq, kind, status, progress, total_shots, completed_shots, created_at) {numbers} \
         SELECT 'job-' || (n / 10 + 1), n % 10 + 1, 'progressed', 'processing', 0, 0, 0, {time} FROM numbers"
    );
    vec![parents, episodes, jobs, items, events]
}

/// SQLite never does this by itself, PostgreSQL soon does.
pub async fn analyze(t: &TestApp) {
    t.db.raw()
        .await
        .execute_unprepared("ANALYZE")
        .await
        .unwrap();
}
