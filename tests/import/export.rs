//! The export: every job once, oldest first, all names, no secrets.

use super::dump::{Dump, export_jobs, import, job};
use crate::support::TestApp;
use callsheet::{
    export,
    jobs::{Idempotency, NewItem, NewJob},
};
use chrono::TimeDelta;
use serde_json::{Value, json};

#[on_both]
async fn every_job_is_exported_once_in_order(bench: TestApp) {
    // More than two pages, most of them of one moment.
    let records: Vec<_> = (0..450)
        .map(|n| job(&format!("job-{n:03}"), json!({})))
        .collect();
    import(&bench, &Dump::json(&records.into())).await;
    bench
        .create(NewJob {
            job_id: Some("a-newer".into()),
            job_type: "x".into(),
            ..Default::default()
        })
        .await;
    let ids: Vec<_> = export_jobs(&bench)
        .await
        .iter()
        .map(|job| job["job_id"].as_str().unwrap().to_owned())
        .collect();
    let mut wanted: Vec<_> = (0..450).map(|n| format!("job-{n:03}")).collect();
    wanted.push("a-newer".into());
    assert_eq!(ids, wanted);
}

fn elaborate() -> NewJob {
    NewJob {
        job_type: "script2video".into(),
        job_id: Some("a".into()),
        content: Some("=1+1, \"quoted\"\nand a second line 🎻".into()),
        labels: [("team".to_owned(), "a".to_owned())].into(),
        items: vec![NewItem {
            key: "one".into(),
            input: Some(json!({"n": 1})),
        }],
        ..Default::default()
    }
}

#[on_both]
async fn a_table_holds_the_same(bench: TestApp) {
    bench.create(elaborate()).await;
    let job = export_jobs(&bench).await.remove(0);
    let mut out = Vec::new();
    assert_eq!(export::csv(&bench, &mut out).await.unwrap(), 1);
    let mut table = csv::Reader::from_reader(out.as_slice());
    let names = table.headers().unwrap().clone();
    let row = table.records().next().unwrap().unwrap();
    assert_eq!(names.len(), job.as_object().unwrap().len());
    for (name, cell) in names.iter().zip(&row) {
        let wanted = match &job[name] {
            Value::Null => String::new(),
            // A spreadsheet takes what begins like this for a formula, and runs it.
            Value::String(text) if text.starts_with('=') => format!("'{text}"),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(cell, wanted, "{name}");
    }
}

#[on_both]
async fn neither_tokens_nor_keys_are_exported(bench: TestApp) {
    let idempotency = Idempotency::new("the-secret-key".into(), "create", &json!({}));
    bench
        .create_job(elaborate(), Some(idempotency))
        .await
        .unwrap();
    bench.start("a").await;
    bench.lease("a", bench.now() + TimeDelta::hours(1)).await;
    let job = export_jobs(&bench).await.remove(0);
    assert!(
        job["lease_expires_at"]
            .as_str()
            .unwrap()
            .ends_with(".000000Z")
    );
    assert_eq!(
        (&job["labels"], &job["worker_id"]),
        (&json!({"team": "a"}), &json!("worker-1"))
    );
    assert_eq!(job["items"][0]["input"], json!({"n": 1}));
    let names = job.as_object().unwrap().keys();
    assert_eq!(
        names
            .filter(|name| name.contains("token") || name.contains("idempotency"))
            .count(),
        0
    );
    assert!(!job.to_string().contains("the-secret-key"));
}
