//! What a claim costs beside a thousand jobs, and beside millions, with the plans of its
//! statements.

use crate::{Arguments, claim, fresh, manager};
use callsheet::{db::claim_statements, jobs::JobManager};
use sea_orm::{ConnectionTrait, Statement};
use std::time::{Duration, Instant};

/// Claims that are measured; of which the median is shown.
const CLAIMS: usize = 41;

pub async fn measure(arguments: &Arguments, backend: &str) {
    let small = claims(
        arguments,
        backend,
        "small",
        0,
        1000.min(arguments.queued),
        false,
    )
    .await;
    let large = claims(
        arguments,
        backend,
        "large",
        arguments.finished,
        arguments.queued,
        true,
    )
    .await;
    let name = format!(
        "{} finished, {} queued",
        arguments.finished, arguments.queued
    );
    println!(
        "{backend}: a claim, median of {CLAIMS}, in ms{:>22} {:>12}",
        "one job", "20 jobs"
    );
    for (what, took) in [("1,000 queued", &small), (name.as_str(), &large)] {
        let [one, many] = took.map(|took| format!("{:.2}", took.as_secs_f64() * 1e3));
        println!("  {what:<50} {one:>12} {many:>12}");
    }
    let ratio = |i: usize| large[i].as_secs_f64() / small[i].as_secs_f64();
    println!("  {:<50} {:>12.2} {:>12.2}", "ratio", ratio(0), ratio(1));
}

async fn claims(
    arguments: &Arguments,
    backend: &str,
    name: &str,
    finished: u64,
    queued: u64,
    plans: bool,
) -> [Duration; 2] {
    let service = manager(&fresh(arguments, backend, name).await, None).await;
    fill(&service, backend, finished, queued).await;
    if plans {
        show_plans(&service, backend).await;
    }
    service.claim_jobs(claim(1)).await.unwrap();
    let mut medians = [Duration::ZERO; 2];
    for (median, jobs) in medians.iter_mut().zip([1, 20]) {
        let mut took = Vec::new();
        for _ in 0..CLAIMS {
            let began = Instant::now();
            assert_eq!(service.claim_jobs(claim(jobs)).await.unwrap().len(), jobs);
            took.push(began.elapsed());
        }
        took.sort();
        *median = took[CLAIMS / 2];
    }
    service.database().clone().close().await.unwrap();
    medians
}

async fn fill(service: &JobManager, backend: &str, finished: u64, queued: u64) {
    let all = finished + queued;
    let (numbers, time) = match backend {
        "SQLite" => (
            format!(
                "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers \
                WHERE n < {all})"
            ),
            "strftime('%Y-%m-%dT%H:%M:%S+00:00', 1735689600 + n / 2, 'unixepoch')",
        ),
        _ => (
            format!("WITH numbers (n) AS (SELECT generate_series(1, {all}))"),
            "to_timestamp(1735689600 + n / 2)",
        ),
    };
    let is_finished = format!("n <= {finished}");
    let sql = format!(
        "INSERT INTO video_generation_jobs (id, job_type, status, completed_at, created_at, updated_at, content, progress) \
         {numbers} SELECT 'job-' || n, 'bench', CASE WHEN {is_finished} THEN 'completed' ELSE 'queued' END, \
         CASE WHEN {is_finished} THEN {time} END, {time}, {time}, 'A fox learns to ride the night train home', \
         CASE WHEN {is_finished} THEN 100 ELSE 0 END FROM numbers"
    );
    let db = service.database().read();
    db.execute_unprepared(&sql).await.unwrap();
    if backend != "SQLite" {
        db.execute_unprepared("VACUUM ANALYZE video_generation_jobs")
            .await
            .unwrap();
    }
}

async fn show_plans(service: &JobManager, backend: &str) {
    let db = service.database();
    let (ask, column) = if backend == "SQLite" {
        ("EXPLAIN QUERY PLAN", 3)
    } else {
        ("EXPLAIN", 0)
    };
    for (name, asked) in claim_statements(db, &["bench".to_owned()], service.now(), 20) {
        println!("  plan of {name}:");
        let sql = format!("{ask} {}", asked.sql);
        let explained = Statement { sql, ..asked };
        for row in db.read().query_all_raw(explained).await.unwrap() {
            println!("    {}", row.try_get_by_index::<String>(column).unwrap());
        }
    }
}
