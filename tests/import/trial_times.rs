//! Times in the files of users, and what is told of those without a zone.

use super::{
    dump::{Dump, export_jobs, import, import_all, job, rejected},
    trials::{trial, tried},
};
use crate::support::TestApp;
use callsheet::import::Options;
use chrono_tz::America::New_York;
use serde_json::json;

#[on_both]
async fn times_that_mean_one_moment_are_read(bench: TestApp) {
    let options = Options {
        source_tz: New_York,
        ..Options::new(vec![trial("06_times.json")])
    };
    let (report, _) = import_all(&bench, &options).await;
    assert_eq!(rejected(&report), [("t-us_date".to_owned(), "bad_time")]);
    let local = "2026-01-02T08:04:05.000000Z";
    let utc = "2026-01-02T03:04:05.000000Z";
    let expected = [
        ("t-z", utc),
        ("t-offset", "2026-01-01T19:04:05.000000Z"),
        ("t-naive", local),
        ("t-space", "2026-01-02T08:04:05.123456Z"),
        ("t-s_text", utc),
        ("t-ms_text", "2026-01-02T03:04:05.123000Z"),
        ("t-us", "2026-01-02T03:04:05.123456Z"),
        ("t-ns", "2026-01-02T03:04:05.123456Z"),
        ("t-rfc2822", utc),
        ("t-js", utc),
        ("t-slash", local),
        ("t-no_seconds", "2026-01-02T08:04:00.000000Z"),
        ("t-utc_word", utc),
        ("t-comma", "2026-01-02T08:04:05.123000Z"),
        ("t-date_obj", utc),
        ("t-date_ms", "2026-01-02T03:04:05.123000Z"),
        ("t-tz_name", "2026-01-01T19:04:05.000000Z"),
        ("t-basic", utc),
    ];
    let jobs = export_jobs(&bench).await;
    for (id, time) in expected {
        let job = jobs.iter().find(|job| job["job_id"] == id).unwrap();
        assert_eq!((&job["created_at"], id), (&json!(time), id));
    }
    // Five records have local times, two each.
    assert_eq!(
        report.assumed,
        ["10 times without a zone were taken as America/New_York"]
    );
}

#[on_both]
async fn local_times_that_are_taken_as_utc_are_told(bench: TestApp) {
    let records: Vec<_> = (0..31).map(|n| job(&format!("t-{n}"), json!({}))).collect();
    let dump = Dump::json(&records.into());
    let report = import(&bench, &dump).await;
    let told = "62 times without a zone were taken as UTC (use --source-tz)";
    assert_eq!(report.assumed, [told]);
    let run = bench.get_import(&report.import_id.unwrap()).await.unwrap();
    assert_eq!(run.report.unwrap()["assumed"], json!([told]));
    assert!(
        import(&bench, &dump).await.assumed.is_empty(),
        "nothing came in"
    );
    let known = tried(&bench, "07b_pipeline_percent.json").await;
    assert!(known.assumed.is_empty(), "this store is known to write UTC");
}
