//! Files that users of these and other systems have: each comes in as what it is, and what is
//! assumed is told.

use super::dump::{Dump, counts, export_jobs, import, import_all, job, rejected};
use crate::support::{TestApp, claim};
use callsheet::{
    import::{Interrupted, Options, Report},
    jobs::{Guard, ItemReport},
};
use entity::{ItemStatus, JobStatus};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub fn trial(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/trials")
        .join(name)
}

pub async fn tried(bench: &TestApp, name: &str) -> Report {
    import_all(bench, &Options::new(vec![trial(name)])).await.0
}

pub fn content(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(trial(name)).unwrap()).unwrap()
}

#[on_both]
async fn the_sample_of_the_web2img_report_comes_in(bench: TestApp) {
    let report = tried(&bench, "20_web2img_report_sample.json").await;
    assert_eq!(counts(&report), (1, 1, 0, 0), "{:?}", report.rejects);
    let job = &export_jobs(&bench).await[0];
    assert_eq!(
        (&job["job_id"], &job["source"], &job["status"]),
        (
            &json!("batch-7d87a3dc"),
            &json!("web2img"),
            &json!("completed")
        )
    );
    let item = &job["items"][0];
    assert_eq!(
        (&item["key"], &item["status"]),
        (&json!("item1"), &json!("completed"))
    );
    assert_eq!(
        item["result"]["result"]["url"],
        "https://img.example/item1.png"
    );
    assert_eq!(job["updated_at"], job["completed_at"]);
}

#[on_both]
async fn a_record_without_an_id_is_called_by_its_file(bench: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let mut record = content("20_web2img_report_sample.json");
    record.as_object_mut().unwrap().remove("job_id");
    record["config"] = json!({"parallel": 3, "timeout": 30});
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("batch-00000001.json", &record.to_string());
    write(
        "batch-00000002.json",
        &serde_json::to_string_pretty(&record).unwrap(),
    );
    let mut lost = job("", json!({}));
    lost.as_object_mut().unwrap().remove("job_id");
    write("vedo-3.json", &lost.to_string());
    let options = Options::new(vec![folder.path().to_owned()]);
    let (report, _) = import_all(&bench, &options).await;
    assert_eq!(counts(&report), (3, 3, 0, 0), "{:?}", report.rejects);
    for id in ["batch-00000001", "batch-00000002", "vedo-3"] {
        let job = bench.get_job(id).await.unwrap();
        let repairs = job.context.unwrap()["repairs"].to_string();
        assert!(repairs.contains("id_taken_from_the_file_name"), "{repairs}");
    }
}

#[on_both]
async fn a_file_of_a_job_gives_one_reject_at_most(bench: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let mut record = content("20_web2img_report_sample.json");
    record["config"] = json!({"parallel": 3});
    for name in ["job_id", "status"] {
        record.as_object_mut().unwrap().remove(name);
    }
    let whole = record.to_string();
    let files = [
        ("no-status.json", whole.clone()),
        ("cut.json", whole[..whole.len() - 60].to_owned()),
        ("empty.json", String::new()),
        (
            "unknown.json",
            json!({"a": {"b": 1}, "c": 2, "d": [3]}).to_string(),
        ),
    ];
    for (name, text) in &files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let (report, _) = import_all(&bench, &Options::new(vec![folder.path().to_owned()])).await;
    assert_eq!(counts(&report), (4, 0, 0, 4), "{:?}", rejected(&report));
}

#[on_both]
async fn a_job_keeps_its_own_type_and_one_without_is_told_by_its_folder(bench: TestApp) {
    tried(&bench, "09_missing_keys.json").await;
    tried(&bench, "04a_get_job_answer.json").await;
    let of = |id: &'static str| async { bench.get_job(id).await.unwrap() };
    assert_eq!(of("m-type").await.job_type, "idea2video");
    let answer = of("g-1").await;
    assert_eq!(
        (answer.job_type.as_str(), answer.status),
        ("idea2video", JobStatus::Completed)
    );
    let repairs = answer.context.unwrap()["repairs"].to_string();
    assert!(
        repairs.contains("missing_type_follows_from_the_record"),
        "{repairs}"
    );
    let own = job("own", json!({"type": "upscale"}));
    import(&bench, &Dump::json(&json!([own]))).await;
    assert_eq!(of("own").await.job_type, "upscale");
}

#[on_both]
async fn a_fraction_above_1_is_percent_and_progress_may_be_a_text(bench: TestApp) {
    let report = tried(&bench, "07b_pipeline_percent.json").await;
    assert!(
        report
            .total
            .rules
            .contains_key("fraction_above_1_taken_as_percent")
    );
    assert_eq!(bench.get_job("pp-1").await.unwrap().progress, 45.0);
    let report = tried(&bench, "07_progress.json").await;
    assert_eq!(report.total.rejected, 0);
    let of = |id: &'static str| async { bench.get_job(id).await.unwrap().progress };
    assert_eq!(of("p-percent_text").await, 55.0);
    assert_eq!((of("p-over").await, of("p-neg").await), (100.0, 0.0));
}

#[on_both]
async fn the_id_counts_when_there_is_no_job_id(bench: TestApp) {
    let mut numbered = job("", json!({"id": 17}));
    numbered.as_object_mut().unwrap().remove("job_id");
    let named = job("", json!({"id": "named", "job_id": null}));
    let report = import(&bench, &Dump::json(&json!([numbered, named]))).await;
    assert_eq!(counts(&report), (2, 2, 0, 0), "{:?}", report.rejects);
    assert!(bench.get_job("17").await.is_ok() && bench.get_job("named").await.is_ok());
}

/// Two scenes number their shots alike; the worker reports by key.
#[on_both]
async fn an_imported_job_of_several_scenes_can_be_worked_on(bench: TestApp) {
    let shot = |idx: i32, scene: i32, status: &str| {
        let path = format!("/media/idea2video/scene_{scene}/shots/{idx}/video.mp4");
        json!({"shot_idx": idx, "status": status, "video_path": path})
    };
    let shots = json!([
        shot(0, 0, "completed"),
        shot(0, 1, "generating_video"),
        shot(1, 0, "completed"),
        shot(1, 1, "pending"),
    ]);
    let dump = Dump::json(&json!([job(
        "a",
        json!({"status": "processing", "shots": shots})
    )]));
    let options = Options {
        interrupted: Interrupted::Requeue,
        ..dump.options()
    };
    import_all(&bench, &options).await;
    let claimed = bench.claim_jobs(claim("w")).await.unwrap().remove(0);
    let keys: Vec<_> = claimed.items.iter().map(|item| item.key.as_str()).collect();
    assert_eq!(keys, ["0", "0.2", "1", "1.2"]);
    let numbers = claimed
        .items
        .iter()
        .map(|item| item.input.as_ref().unwrap()["shot_idx"].as_i64());
    assert_eq!(
        numbers.map(Option::unwrap).collect::<Vec<_>>(),
        [0, 0, 1, 1]
    );
    let done = |key: &str| ItemReport {
        key: Some(key.into()),
        idx: None,
        status: ItemStatus::Completed,
        result: None,
        error: None,
    };
    let guard = Guard::lease(claimed.job.lease_token.clone().unwrap());
    let reports = vec![done("0.2"), done("1.2")];
    bench.report_items("a", reports, guard).await.unwrap();
    let whole = bench.whole("a").await;
    assert!(
        whole
            .items
            .iter()
            .all(|item| item.status == ItemStatus::Completed)
    );
}
