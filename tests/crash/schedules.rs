//! `kill -9` of servers that fire schedules each second: each second has one job, and none is lost.
//! `scripts/schedules` does it for longer.

use crate::support::{Backend, Fixture, Patience, Server, TestDb, setting};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

const SCHEDULES: usize = 10;

/// Jobs of a schedule that the short form waits for.
const FIRES: usize = 60;

async fn call(server: &Server, method: &str, path: &str, body: Value) -> Value {
    let url = server.at(&format!("/api/v1{path}"));
    let request = server.client.request(method.parse().unwrap(), url);
    let answer = request.json(&body).send().await.unwrap();
    let status = answer.status();
    assert!(status.is_success(), "{method} {path}: {status}");
    answer.json().await.unwrap_or_default()
}

async fn count(server: &Server) -> usize {
    let counts = call(server, "GET", "/jobs/counts", json!({})).await;
    usize::try_from(counts["total"].as_u64().unwrap()).unwrap()
}

/// Seconds of the jobs of each schedule.
async fn seconds(server: &Server) -> BTreeMap<String, Vec<DateTime<Utc>>> {
    let (mut of, mut cursor) = (BTreeMap::<String, Vec<_>>::new(), String::new());
    loop {
        let path = format!("/jobs?view=summary&limit=200{cursor}");
        let page = call(server, "GET", &path, json!({})).await;
        for job in page["jobs"].as_array().unwrap() {
            let (schedule, time) = job["job_id"].as_str().unwrap().split_once('.').unwrap();
            let time = chrono::NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ").unwrap();
            of.entry(schedule.to_owned())
                .or_default()
                .push(time.and_utc());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return of,
        }
    }
}

async fn kills(db: &TestDb, both: bool) {
    let fires = setting("CALLSHEET_TEST_FIRES").unwrap_or(FIRES);
    let seed = setting("CALLSHEET_TEST_SEED").unwrap_or(20_261_129);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut one = Server::start(&db.url).await;
    // SQLite is for one server.
    let mut other = if both {
        Some(Server::start(&db.url).await)
    } else {
        None
    };
    for n in 0..SCHEDULES {
        let new = json!({
            "schedule_id": format!("s{n}"), "kind": "cron", "expr": "* * * * * *",
            "template": {"job_type": "idea2video"}, "overlap": "allow", "missed": "all",
        });
        call(&one, "POST", "/schedules", new).await;
    }
    let mut killed = 0;
    let mut patience = Patience::begin();
    let mut goal = 0;
    while count(&one).await < fires {
        goal += random.usize(1..=SCHEDULES * 4);
        patience = Patience::begin();
        while count(&one).await < goal.min(fires) {
            patience.pause("the schedules fire").await;
        }
        // In the middle of the next second's jobs, or shortly before.
        tokio::time::sleep(Duration::from_millis(random.u64(0..1000))).await;
        match other.as_mut().filter(|_| random.bool()) {
            Some(other) => {
                other.kill_now().await;
                *other = Server::start(&db.url).await;
            }
            None => {
                one.kill_now().await;
                one = Server::start(&db.url).await;
            }
        }
        killed += 1;
    }
    for n in 0..SCHEDULES {
        call(&one, "POST", &format!("/schedules/s{n}/pause"), json!({})).await;
    }
    patience.pause("the schedules are paused").await;
    let (mut jobs, seconds) = (0, seconds(&one).await);
    assert_eq!(seconds.len(), SCHEDULES);
    for (schedule, mut times) in seconds {
        times.sort();
        jobs += times.len();
        for pair in times.windows(2) {
            assert_eq!((pair[1] - pair[0]).num_seconds(), 1, "{schedule}: {pair:?}");
        }
        let row = call(&one, "GET", &format!("/schedules/{schedule}"), json!({})).await;
        assert_eq!(
            (&row["fired"], &row["skipped"]),
            (&json!(times.len()), &json!(0))
        );
    }
    println!("{jobs} jobs, each second once, through {killed} kills (seed {seed})");
    one.kill().await;
    if let Some(other) = other {
        other.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schedules_on_sqlite_fire_once_through_kills_of_the_server() {
    let db = TestDb::migrated(Backend::Sqlite).await;
    kills(&db, false).await;
    db.tear_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schedules_on_postgres_fire_once_through_kills_of_two_servers() {
    let db = TestDb::migrated(Backend::Postgres).await;
    kills(&db, true).await;
    db.tear_down().await;
}
