//! Webhooks of jobs: the next endpoints, and the next events of jobs that name a URL.

use super::{
    explain::{plan, plan_of},
    fill::{analyze, fill},
};
use crate::support::{Backend, TestApp, any_job};
use callsheet::{
    db::{endpoints_due, events_for},
    jobs::{NewJob, NewJobWebhook},
};
use sea_orm::{ConnectionTrait, QuerySelect};

/// Deliveries of one endpoint that is away.
const WAITING: u32 = 20_000;

fn assert_reads_no_whole_table(t: &TestApp, what: &str, steps: &[String]) {
    let reads_all = |step: &String| match t.db.backend {
        Backend::Sqlite => ["SCAN d", "SCAN video_generation_jobs", "SCAN job_events"]
            .iter()
            .any(|scan| step.starts_with(scan) && !step.contains("USING")),
        Backend::Postgres => step.contains("Seq Scan on"),
    };
    let bad = steps.iter().any(reads_all);
    assert!(!bad, "{what} on {:?}:\n{}", t.db.backend, steps.join("\n"));
}

#[on_both]
async fn the_next_endpoints_and_events_of_jobs_are_found_by_index(t: TestApp) {
    fill(&t).await;
    let new = NewJob {
        webhook: Some(NewJobWebhook {
            url: "https://hooks.studio.example/".into(),
            kinds: None,
        }),
        ..any_job()
    };
    let job = t.create(new).await;
    t.start(&job.id).await;
    t.mark_completed(&job.id, None, None).await.unwrap();
    let numbers = match t.db.backend {
        Backend::Sqlite => format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers \
            WHERE n < {WAITING})"
        ),
        Backend::Postgres => {
            format!("WITH numbers (n) AS (SELECT generate_series(1, {WAITING}))")
        }
    };
    let away = format!(
        "INSERT INTO webhook_deliveries (webhook_id, event_id, kind, url, endpoint, body, state, \
        attempt, event_at, next_at, created_at, updated_at) {numbers} SELECT 'jobs', -n, \
        'job.completed', 'https://away.example/', 'https://away.example', '{{}}', 'pending', 0, \
        created_at, created_at, created_at, created_at FROM numbers, webhooks"
    );
    let raw = t.db.raw().await;
    raw.execute_unprepared(&away).await.unwrap();
    raw.close().await.unwrap();
    analyze(&t).await;
    let webhook = t.get_webhook("jobs").await.unwrap().row;
    let backend = t.database().read().get_database_backend();
    let steps = plan_of(&t, endpoints_due(backend, "", t.now(), 200)).await;
    assert_reads_no_whole_table(&t, "the next endpoints", &steps);
    let due = t.database().due_endpoints("", t.now(), 200).await.unwrap();
    assert_eq!(due, ["https://away.example"]);
    let position = webhook.position;
    let events = events_for(&webhook, position, position + 10_000).limit(200);
    let steps = plan(&t, &events).await;
    assert_reads_no_whole_table(&t, "the next events", &steps);
}
