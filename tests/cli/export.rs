//! `callsheet import` and `callsheet export`.

use super::run::{Desk, sample};
use crate::support::TestDb;
use serde_json::Value;
use std::{process::Stdio, time::Duration};

#[on_both]
async fn a_sample_comes_in_once(db: TestDb) {
    let desk = Desk::at(&db);
    let file = sample("vedo_jobs.json");
    let args = ["import", &file, "--source-tz", "America/New_York"];
    let told = [&args[..], &["--verbose"]].concat();
    let first = desk.done(&told).await;
    assert_eq!(
        first
            .lines()
            .filter(|line| line.ends_with(" imported"))
            .count(),
        9,
        "{first}"
    );
    assert_eq!(sums(&first), ["9", "9", "0", "0"]);
    let before = desk.done(&["export"]).await;
    let second = desk.done(&told).await;
    assert_eq!(
        second
            .lines()
            .filter(|line| line.ends_with(" already there"))
            .count(),
        9,
        "{second}"
    );
    assert_eq!(sums(&second), ["9", "0", "9", "0"]);
    assert_eq!(desk.done(&["export"]).await, before);
    let quiet = desk.done(&[&args[..], &["--quiet"]].concat()).await;
    assert!(!quiet.contains("already there"), "{quiet}");
}

/// Found, imported, already there, rejected, of the last row of the table.
fn sums(told: &str) -> Vec<&str> {
    let heading = told
        .lines()
        .position(|line| line.contains("ALREADY THERE"))
        .expect(told);
    let row = told
        .lines()
        .skip(heading + 1)
        .take_while(|line| !line.trim().is_empty() && line.contains(".json"));
    let numbers: Vec<_> = row.last().unwrap().split_whitespace().skip(1).collect();
    [0, 1, 2, 6].map(|column| numbers[column]).to_vec()
}

#[on_both]
async fn an_export_has_an_object_or_a_row_a_job(db: TestDb) {
    let desk = Desk::at(&db);
    let files = [
        "vedo_jobs.json",
        "vedo_pipeline_jobs.json",
        "vedo_unified_cache.json",
    ]
    .map(sample);
    desk.done(&["import", &files[0], &files[1], &files[2]])
        .await;
    let lines = desk.done(&["export", "--format", "jsonl"]).await;
    assert_eq!(desk.done(&["export"]).await, lines);
    let jobs: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(jobs.len(), 24);
    assert!(
        jobs.iter().all(
            |job| job["items"].is_array() && job["created_at"].as_str().unwrap().ends_with('Z')
        )
    );

    let table = desk.done(&["export", "--format", "csv"]).await;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(names.len(), jobs[0].as_object().unwrap().len());
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), jobs.len());
    for (row, job) in rows.iter().zip(&jobs) {
        for (name, cell) in names.iter().zip(row) {
            match &job[name] {
                Value::Null => assert_eq!(cell, "", "{name}"),
                Value::String(text) => assert_eq!(cell, text, "{name}"),
                other => assert_eq!(
                    &serde_json::from_str::<Value>(cell).unwrap(),
                    other,
                    "{name}"
                ),
            }
        }
    }
}

#[on_both]
async fn a_record_that_is_bad_is_told_with_exit_code_3(db: TestDb) {
    let desk = Desk::at(&db);
    let good = std::fs::read_to_string(sample("vedo_jobs.json")).unwrap();
    let good: Value = serde_json::from_str(&good).unwrap();
    let (id, record) = good.as_object().unwrap().iter().next().unwrap();
    let file = desk.file(
        "dump.json",
        &serde_json::json!({id: record, "bad": {"job_id": 5}}).to_string(),
    );
    let said = desk.run(&["import", &file]).await;
    assert_eq!(
        (said.code, sums(&said.out)),
        (3, vec!["2", "1", "0", "1"]),
        "{said:?}"
    );
    assert!(said.out.contains("rejected: "), "{said:?}");
    let sentence = desk
        .fails(1, &["import", desk.path("missing.json").to_str().unwrap()])
        .await;
    assert!(sentence.contains("missing.json"), "{sentence}");
    let said = desk
        .run(&["import", &file, "--source-tz", "Mars/Olympus"])
        .await;
    assert_eq!(said.code, 2, "{said:?}");
}

#[on_both]
async fn a_dry_run_makes_nothing(db: TestDb) {
    let desk = Desk::at(&db);
    let told = desk
        .done(&["import", &sample("vedo_jobs.json"), "--dry-run"])
        .await;
    assert_eq!(sums(&told), ["9", "9", "0", "0"]);
    assert!(told.contains("nothing was written"), "{told}");
    if let Some(file) = db.url.strip_prefix("sqlite://") {
        assert!(!std::path::Path::new(file).exists());
    }
    desk.done(&["migrate", "up"]).await;
    desk.done(&["import", &sample("vedo_jobs.json"), "--dry-run"])
        .await;
    assert_eq!(desk.done(&["export"]).await, "");
}

#[on_both]
async fn neither_an_export_nor_a_report_takes_the_place_of_the_database(db: TestDb) {
    let desk = Desk::at(&db);
    let file = sample("vedo_jobs.json");
    desk.done(&["import", &file]).await;
    let before = desk.done(&["export"]).await;
    let Some(database) = db.url.strip_prefix("sqlite://") else {
        // A server's files are not where its clients write.
        assert!(
            desk.run(&[
                "export",
                "--output",
                desk.path("out.jsonl").to_str().unwrap()
            ])
            .await
            .code
                == 0
        );
        return;
    };
    let log = format!("{database}-wal");
    for args in [
        ["export", "--output", database].as_slice(),
        &["import", &file, "--report", database],
        &["export", "--output", &log],
    ] {
        let sentence = desk.fails(2, args).await;
        assert!(sentence.contains("is the database itself"), "{sentence}");
    }
    assert_eq!(desk.done(&["export"]).await, before);
}

/// Nobody writes to the pipe that it reads.
#[on_both]
async fn an_import_that_waits_for_its_source_can_be_stopped(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    let pipe = desk.path("pipe");
    assert!(
        tokio::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .await
            .unwrap()
            .success()
    );
    let mut command = desk.command(&["import", pipe.to_str().unwrap()]);
    let mut run = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A pipe is open for writing as soon as somebody has opened it for reading.
    let opened = move || std::fs::File::options().write(true).open(pipe).unwrap();
    let opened = tokio::task::spawn_blocking(opened).await.unwrap();
    let pid = run.id().unwrap().to_string();
    let interrupted = tokio::process::Command::new("kill")
        .args(["-s", "INT", &pid])
        .status()
        .await
        .unwrap();
    assert!(interrupted.success());
    let ended = tokio::time::timeout(Duration::from_secs(60), run.wait())
        .await
        .expect("it ends")
        .unwrap();
    drop(opened);
    assert_eq!(ended.code(), Some(1));
    assert!(desk.done(&["imports", "list"]).await.contains("failed"));
}
