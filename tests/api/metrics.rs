//! `/metrics`: what a scrape shows, and what it does not.

use super::face::Api;
use crate::support::{Backend, any_job, for_good};
use callsheet::{
    jobs::{Filter, NewJob},
    metrics::FAMILIES,
};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

async fn scrape(api: &Api) -> String {
    let answer = api.get("/metrics").await;
    assert_eq!(answer.status, 200);
    answer.text()
}

/// The value of the sample, with its labels as they stand there.
fn value(text: &str, sample: &str) -> Option<f64> {
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '))?;
    Some(line.parse().expect("a number"))
}

#[on_both]
async fn a_scrape_shows_the_jobs_as_the_database_counts_them(api: Api) {
    for _ in 0..3 {
        api.queued().await;
    }
    let failed = api.started().await;
    api.mark_failed(&failed.id, for_good("broken"), None)
        .await
        .unwrap();
    api.create(NewJob {
        job_type: "upscale".into(),
        ..any_job()
    })
    .await;
    let text = scrape(&api).await;
    for (job_type, counts) in api.counts_by_type().await.unwrap() {
        for (status, jobs) in [
            ("queued", counts.queued),
            ("processing", counts.processing),
            ("completed", counts.completed),
            ("failed", counts.failed),
            ("cancelled", counts.cancelled),
        ] {
            let sample = format!("callsheet_jobs{{job_type=\"{job_type}\",status=\"{status}\"}}");
            assert_eq!(
                value(&text, &sample),
                Some(jobs as f64),
                "{sample} in {text}"
            );
        }
    }
    assert_eq!(value(&text, "callsheet_database_up"), Some(1.0));
    assert_eq!(value(&text, "callsheet_workers_live"), Some(0.0));
}

#[on_both]
async fn the_oldest_due_job_of_each_type_shows_how_long_it_waits(api: Api) {
    let later = Some(api.now() + TimeDelta::hours(1));
    let of = |job_type: &str, priority, run_at| NewJob {
        job_type: job_type.into(),
        priority,
        run_at,
        ..any_job()
    };
    api.create(of("a", 5, None)).await;
    api.clock.advance(TimeDelta::seconds(40));
    api.create(of("a", 0, None)).await;
    api.create(of("b", 0, None)).await;
    api.create(of("c", 0, later)).await;
    api.clock.advance(TimeDelta::seconds(2));
    let text = scrape(&api).await;
    let seconds = |job_type: &str| {
        let sample = format!("callsheet_oldest_due_seconds{{job_type=\"{job_type}\"}}");
        value(&text, &sample)
    };
    assert_eq!(
        [seconds("a"), seconds("b"), seconds("c")],
        [Some(42.0), Some(2.0), Some(0.0)]
    );
}

#[on_both]
async fn what_this_server_did_is_counted_once_it_is_committed(api: Api) {
    let made = api.made(json!({"job_type": "idea2video"})).await;
    let id = made["job_id"].as_str().unwrap();
    api.clock.advance(TimeDelta::seconds(7));
    let path = format!("/api/v1/jobs/{id}");
    api.post(&format!("{path}/start"), json!({}))
        .await
        .json(200);
    api.clock.advance(TimeDelta::seconds(50));
    api.post(&format!("{path}/complete"), json!({}))
        .await
        .json(200);
    api.post(&format!("{path}/complete"), json!({"result": {"a": 1}}))
        .await;
    api.get(&format!("{path}-unknown"))
        .await
        .problem(404, "job_not_found");
    let text = scrape(&api).await;
    for (sample, expected) in [
        ("callsheet_jobs_created_total{job_type=\"idea2video\"}", 1.0),
        (
            "callsheet_jobs_ended_total{job_type=\"idea2video\",status=\"completed\"}",
            1.0,
        ),
        (
            "callsheet_job_wait_seconds_sum{job_type=\"idea2video\"}",
            7.0,
        ),
        (
            "callsheet_job_run_seconds_sum{job_type=\"idea2video\"}",
            50.0,
        ),
        (
            "callsheet_job_run_seconds_bucket{le=\"60.0\",job_type=\"idea2video\"}",
            1.0,
        ),
        (
            "callsheet_http_requests_total{operation=\"create_job\",status=\"201\"}",
            1.0,
        ),
        (
            "callsheet_http_requests_total{operation=\"get_job\",status=\"404\"}",
            1.0,
        ),
        (
            "callsheet_http_request_duration_seconds_count{operation=\"create_job\"}",
            1.0,
        ),
    ] {
        assert_eq!(value(&text, sample), Some(expected), "{sample} in {text}");
    }
    let writes = value(&text, "callsheet_write_batch_size_count").unwrap();
    let commits = value(&text, "callsheet_commit_seconds_count").unwrap();
    assert!(writes >= 3.0 && commits >= 3.0, "{text}");
    assert!(value(&text, "callsheet_query_seconds_count{kind=\"read\"}").unwrap() > 0.0);
    let open = value(&text, "callsheet_db_connections{state=\"idle\"}").unwrap()
        + value(&text, "callsheet_db_connections{state=\"used\"}").unwrap();
    assert!(open >= 1.0);
    assert!(!text.contains(id), "no id is a label: {text}");
    assert!(!text.contains("/api/v1"), "no path is a label: {text}");
}

#[on_both]
async fn a_write_that_was_undone_is_not_counted(api: Api) {
    let job = api.started().await;
    api.mark_completed(&job.id, None, None).await.unwrap();
    let path = format!("/api/v1/jobs/{}/fail", job.id);
    api.post(&path, json!({"error": "late"}))
        .await
        .problem(409, "job_transition_illegal");
    let text = scrape(&api).await;
    assert!(!text.contains("callsheet_jobs_ended_total"), "{text}");
}

#[on_both]
async fn a_hundred_types_have_labels_and_the_others_share_one(api: Api) {
    for n in 0..105 {
        api.create(NewJob {
            job_type: format!("type-{n:03}"),
            ..any_job()
        })
        .await;
    }
    let text = scrape(&api).await;
    let labels: BTreeSet<_> = text
        .lines()
        .filter(|line| line.starts_with("callsheet_jobs{"))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    assert_eq!(labels.len(), 101);
    let others = "callsheet_jobs{job_type=\"other\",status=\"queued\"}";
    assert_eq!(value(&text, others), Some(5.0));
    assert_eq!(
        api.count_jobs(&Filter::default()).await.unwrap().queued,
        105
    );
}

#[on_both]
async fn without_its_database_the_server_still_shows_its_own_numbers(api: Api) {
    api.served().database().clone().close().await.unwrap();
    let text = scrape(&api).await;
    assert_eq!(value(&text, "callsheet_database_up"), Some(0.0));
    assert!(!text.contains("callsheet_jobs{"), "{text}");
    assert_eq!(value(&text, "callsheet_streams_open"), Some(0.0));
}

#[on_sqlite]
async fn it_speaks_open_metrics_unless_only_plain_text_is_accepted(api: Api) {
    let open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let plain = "text/plain; version=0.0.4; charset=utf-8";
    for (accept, content_type) in [
        ("*/*", open),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            open,
        ),
        ("text/plain", plain),
    ] {
        let answer = api.get_with("/metrics", "accept", accept).await;
        assert_eq!(
            answer.header("content-type"),
            Some(content_type),
            "{accept}"
        );
        let ends = answer.text().ends_with("# EOF\n");
        assert_eq!(ends, content_type == open);
    }
    let refused = api.send(Method::POST, "/metrics", json!({})).await;
    assert_eq!(refused.status, 405);
}

#[on_both]
async fn each_described_family_is_known_and_those_of_sqlite_are_its_alone(api: Api) {
    api.queued().await;
    let text = scrape(&api).await;
    let described: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let known: BTreeSet<_> = FAMILIES.iter().map(|family| family.name).collect();
    assert!(described.is_subset(&known), "{described:?}");
    let of_redis = described.iter().any(|name| name.contains("redis"));
    assert!(!of_redis, "there is no Redis");
    let of_sqlite = described.iter().any(|name| name.contains("sqlite"));
    assert_eq!(of_sqlite, api.db.backend == Backend::Sqlite);
}

#[on_sqlite]
async fn with_an_address_of_its_own_the_api_does_not_offer_it(api: Api) {
    let elsewhere = "127.0.0.1:0".parse().unwrap();
    let other = api
        .again(|config| config.metrics_listen = Some(elsewhere))
        .await;
    other.get("/metrics").await.problem(404, "route_not_found");
}
