//! `kill -9` at any moment leaves whole records only, and running again does the rest. The same at
//! scale, with 100,000 records and 50 kills: `benches/kill`.

use crate::{
    import::dump::job,
    support::{TestDb, callsheet},
};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

const RECORDS: usize = 12_000;
const KILLS: u64 = 6;

fn dump(folder: &Path) -> String {
    let shots =
        json!([{"shot_idx": 0, "status": "completed"}, {"shot_idx": 1, "status": "pending"}]);
    let record = |n: usize| match n % 500 {
        7 => json!(null),
        n if n % 3 == 0 => job(&format!("job-{n}"), json!({"shots": shots})),
        _ => job(&format!("job-{n}"), json!({})),
    };
    let numbered = |n: usize| {
        let mut record = record(n);
        if record.is_object() {
            record["job_id"] = json!(format!("job-{n:06}"));
        }
        record
    };
    let path = folder.join("dump.json");
    std::fs::write(
        &path,
        Value::from((0..RECORDS).map(numbered).collect::<Vec<_>>()).to_string(),
    )
    .unwrap();
    path.display().to_string()
}

/// The export without the times of the imports.
async fn state(url: &str) -> Vec<Value> {
    let output = callsheet(&["export", "--database-url", url])
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let job = |line: &str| {
        let mut job: Value = serde_json::from_str(line).unwrap();
        job["events"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .for_each(|event| event["created_at"] = Value::Null);
        job
    };
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(job)
        .collect()
}

#[on_both]
async fn a_run_that_is_killed_is_finished_by_the_next(t: TestDb) {
    let folder = tempfile::tempdir().unwrap();
    let dump = dump(folder.path());
    let undisturbed = format!(
        "sqlite://{}",
        folder.path().join("undisturbed.db").display()
    );
    let began = std::time::Instant::now();
    let whole = callsheet(&["import", "-q", "--database-url", &undisturbed, &dump])
        .output()
        .await
        .unwrap();
    assert_eq!(
        whole.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&whole.stderr)
    );
    let takes = began.elapsed();

    let mut killed = 0;
    for n in 0..KILLS {
        let mut run = callsheet(&["import", "-q", "--database-url", &t.url, &dump])
            .spawn()
            .unwrap();
        // Spread over a run, by the golden ratio, so that no two moments are alike.
        let share = (0.618_034 * (n as f64 + 1.0)).fract();
        tokio::time::sleep(Duration::from_secs_f64(takes.as_secs_f64() * share)).await;
        killed += usize::from(run.try_wait().unwrap().is_none());
        let _ = run.kill().await;
        let jobs = if n == 0 {
            Vec::new()
        } else {
            state(&t.url).await
        };
        assert!(
            jobs.iter()
                .all(|job| job["events"].as_array().unwrap().len() == 1),
            "a job without its history"
        );
        assert!(
            jobs.iter()
                .all(|job| job["items"].as_array().unwrap().len() as i64
                    == job["total_shots"].as_i64().unwrap())
        );
    }
    assert!(killed > 0, "no run was met alive");
    let last = callsheet(&["import", "-q", "--database-url", &t.url, &dump])
        .output()
        .await
        .unwrap();
    assert_eq!(
        last.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&last.stderr)
    );
    let (wanted, got) = (state(&undisturbed).await, state(&t.url).await);
    assert_eq!(wanted.len(), RECORDS - RECORDS / 500);
    assert!(
        wanted == got,
        "the end differs from that of an undisturbed run"
    );
}
