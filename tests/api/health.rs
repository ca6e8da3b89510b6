//! Health, liveness and readiness.

use super::face::Api;
use crate::support::Backend;
use callsheet::error::{Error, Resource};
use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::time::Duration;

fn name_of(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "SQLite",
        Backend::Postgres => "PostgreSQL",
    }
}

#[on_both]
async fn probes_name_the_database(api: Api) {
    for path in ["/health/live", "/health/ready"] {
        let health = api.get(path).await.json(200);
        let expected = json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "database": name_of(api.db.backend),
            "database_connections": api.database().connections(),
            "loops": [],
            "dropped_log_lines": 0,
        });
        assert_eq!(health, expected);
    }
}

#[on_both]
async fn health_shows_the_numbers_that_people_look_at_first(api: Api) {
    api.queued().await;
    api.queued().await;
    api.claimed("worker-1").await;
    api.clock.advance(TimeDelta::seconds(90));
    let mut health = api.get("/health").await.json(200);
    let clock = health["clock_ahead_ms"].take();
    assert_eq!(clock.is_i64(), api.db.backend == Backend::Postgres);
    let database = health["database"].take();
    assert_eq!(database["name"], name_of(api.db.backend));
    assert_eq!(database["status"], "ok");
    assert!(database["latency_ms"].as_f64().is_some(), "{database}");
    let version = database["version"].as_str().expect("a version");
    assert!(
        version.starts_with(|c: char| c.is_ascii_digit()),
        "{version}"
    );
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(health["schema"], "s0028_settings");
    assert_eq!(health["uptime_seconds"], 90.0);
    assert_eq!(
        health["cache"],
        json!({"memory": {"jobs": 0, "hit_ratio": null}})
    );
    assert_eq!(health["counts"]["queued"], 1);
    assert_eq!(health["counts"]["processing"], 1);
    assert_eq!(health["counts"]["total"], 2);
    assert_eq!(health["workers"], json!({"live": 1}));
    assert_eq!(health["servers"], json!({"live": 0}));
    assert_eq!(health["database_connections"], api.database().connections());
    assert_eq!(health["loops"], json!([]));
}

#[on_both]
async fn the_cache_shows_how_many_reads_it_answered(api: Api) {
    let keeping = api.keeping().await;
    let job = api.queued().await;
    for _ in 0..4 {
        keeping.job(&job.id).await;
    }
    let health = keeping.get("/health").await.json(200);
    assert_eq!(health["cache"]["memory"]["hit_ratio"], 0.75);
}

#[on_sqlite]
async fn a_loop_that_fails_degrades_the_server_until_it_succeeds(api: Api) {
    let served = api.served();
    served.loop_began("sweep", Duration::from_secs(1));
    served.loop_ran("sweep", Ok(2));
    let succeeded = api.get("/health").await.json(200)["loops"][0]["last_success"].take();
    api.clock.advance(TimeDelta::seconds(1));
    served.loop_ran("sweep", Err(Error::NotFound(Resource::Job)));
    let health = api.get("/health").await.json(200);
    assert_eq!(health["status"], "degraded");
    assert!(reasons(&health).contains("The last run of the loop sweep failed"));
    let sweep = &health["loops"][0];
    assert_eq!(
        (&sweep["last_success"], &sweep["errors"]),
        (&succeeded, &json!(1))
    );
    api.get("/health/ready").await.json(200);
    served.loop_ran("sweep", Ok(0));
    assert_eq!(api.get("/health").await.json(200)["status"], "ok");
}

#[on_sqlite]
async fn a_loop_that_hangs_makes_the_server_unready(api: Api) {
    api.served().loop_began("sweep", Duration::from_secs(1));
    api.clock.advance(TimeDelta::seconds(11));
    let health = api.get("/health").await.json(200);
    assert_eq!(health["status"], "degraded");
    assert!(reasons(&health).contains("The loop sweep has not run for 11 seconds."));
    api.get("/health/ready").await.problem(503, "not_ready");
}

#[on_sqlite]
async fn a_server_that_drains_answers_everything_but_readiness(api: Api) {
    api.served().begin_draining();
    api.get("/health/ready").await.problem(503, "draining");
    api.get("/health/live").await.json(200);
    assert_eq!(api.get("/health").await.json(200)["status"], "degraded");
    let made = api
        .post("/api/v1/jobs", json!({"job_type": "idea2video"}))
        .await;
    assert_eq!(
        (made.status, made.header("connection")),
        (201, Some("close")),
        "the client opens its next connection elsewhere"
    );
}

#[on_both]
async fn a_schema_that_lacks_a_step_makes_the_server_unready(api: Api) {
    let raw = api.db.raw().await;
    raw.execute_unprepared("DELETE FROM callsheet_migrations WHERE version = 's0009b_queues'")
        .await
        .unwrap();
    raw.close().await.unwrap();
    let problem = api.get("/health/ready").await.problem(503, "not_ready");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("lacks 1 steps")
    );
    let problem = api.get("/health").await.problem(503, "not_ready");
    assert_eq!(problem["health"]["status"], "failing");
}

#[on_both]
async fn a_database_that_is_away_makes_the_server_failing(api: Api) {
    api.served().database().clone().close().await.unwrap();
    api.get("/health/ready")
        .await
        .problem(503, "database_unavailable");
    let problem = api
        .get("/health")
        .await
        .problem(503, "database_unavailable");
    let health = &problem["health"];
    assert_eq!(health["status"], "failing");
    assert_eq!(health["database"]["status"], "failing");
    assert_eq!(
        (&health["counts"], &health["workers"]),
        (&Value::Null, &Value::Null)
    );
    api.get("/health/live").await.json(200);
}

fn reasons(health: &Value) -> String {
    health["reasons"].to_string()
}
