//! Words of jobs and items in the files of users: those that are known, and those that can be
//! named.

use super::{
    dump::{Dump, counts, export_jobs, import, import_all, job, rejected},
    trials::tried,
};
use crate::support::TestApp;
use callsheet::import::{Options, StatusWords};
use serde_json::json;

#[on_both]
async fn words_of_items_are_known_and_the_unknown_one_is_told(bench: TestApp) {
    let report = tried(&bench, "02_shot_words.json").await;
    assert_eq!(counts(&report), (1, 1, 0, 0));
    let jobs = export_jobs(&bench).await;
    let items = jobs[0]["items"].as_array().unwrap();
    let statuses: Vec<_> = items
        .iter()
        .map(|item| item["status"].as_str().unwrap())
        .collect();
    let wanted = [
        "pending",
        "processing",
        "completed",
        "completed",
        "completed",
        "completed",
        "completed",
        "completed",
        "completed",
        "skipped",
        "completed",
        "processing",
        "failed",
        "failed",
        "failed",
        "completed",
        "pending",
        "pending",
    ];
    assert_eq!(statuses, wanted);
    let rules = &report.total.rules;
    assert_eq!(rules.get("unknown_item_status_taken_as_pending"), Some(&1));
    let told = report.assumed.join("\n");
    assert!(
        told.contains("the status `done` of 2 items was taken as completed"),
        "{told}"
    );
    assert_eq!(items[4]["result"]["status"], "DONE");
}

#[on_both]
async fn words_of_jobs_are_known_in_any_letters(bench: TestApp) {
    let words = [
        ("canceled", "cancelled"),
        ("SUCCESS", "completed"),
        ("done", "completed"),
        ("in_progress", "processing"),
        ("In Progress", "processing"),
        ("finished", "completed"),
        ("succeeded", "completed"),
        ("started", "processing"),
        ("waiting", "queued"),
        ("timeout", "failed"),
        ("ERROR", "failed"),
    ];
    let record =
        |(n, (word, _)): (usize, &(&str, &str))| job(&format!("w-{n:02}"), json!({"status": word}));
    let records: Vec<_> = words.iter().enumerate().map(record).collect();
    let report = import(&bench, &Dump::json(&records.into())).await;
    assert_eq!(report.total.rejected, 0, "{:?}", report.rejects);
    for (job, (word, status)) in export_jobs(&bench).await.iter().zip(words) {
        assert_eq!(
            (&job["status"], &job["source_status"]),
            (&json!(status), &json!(word))
        );
    }
    assert!(
        report
            .assumed
            .iter()
            .any(|told| told.contains("`canceled` of 1 job was taken"))
    );
}

#[on_both]
async fn other_words_can_be_named(bench: TestApp) {
    let mut words = StatusWords::default();
    for pair in ["archived=completed", "done=failed", "half=processing"] {
        words.add(pair).unwrap();
    }
    let shots = json!([{"shot_idx": 0, "status": "HALF"}]);
    let dump = Dump::json(&json!([
        job("a", json!({"status": "Archived"})),
        job("b", json!({"status": "done", "shots": shots})),
        job("c", json!({"status": "unheard of"})),
    ]));
    let options = Options {
        words,
        ..dump.options()
    };
    let (report, _) = import_all(&bench, &options).await;
    assert_eq!(rejected(&report), [("[2]".to_owned(), "unknown_status")]);
    assert!(
        report.rejects[0]
            .kind
            .to_string()
            .contains("--status 'unheard of=completed'")
    );
    let jobs = export_jobs(&bench).await;
    assert_eq!(
        (&jobs[0]["status"], &jobs[1]["status"]),
        (&json!("completed"), &json!("failed"))
    );
    assert_eq!(jobs[1]["items"][0]["status"], "processing");
    assert!(report.assumed.iter().all(|told| !told.contains("`done`")));
}

#[on_both]
async fn a_fork_of_the_table_comes_in_with_its_own_words(bench: TestApp) {
    let report = tried(&bench, "12c_vedo_table_fork.db").await;
    assert_eq!(counts(&report), (4, 4, 0, 0), "{:?}", report.rejects);
    let mut jobs = export_jobs(&bench).await;
    jobs.sort_by_key(|job| job["job_id"].as_str().unwrap().to_owned());
    let statuses: Vec<_> = jobs
        .iter()
        .map(|job| job["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        statuses,
        ["completed", "processing", "completed", "cancelled"]
    );
    assert_eq!(jobs[0]["created_at"], "2026-01-02T03:04:05.123000Z");
    assert_eq!(jobs[0]["context"]["legacy"]["owner"], "ann");
}
