//! Files that users of these and other systems have: each comes in as what it is, and what is assumed is told.

use super::dump::{Dump, counts, export_jobs, import, import_all, job, rejected};
use crate::support::{TestApp, claim};
use callsheet::import::{Interrupted, Options, Report, StatusWords};
use callsheet::jobs::{Guard, ItemReport};
use chrono_tz::America::New_York;
use entity::{ItemStatus, JobStatus};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub fn trial(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/trials")
        .join(name)
}

async fn tried(bench: &TestApp, name: &str) -> Report {
    import_all(bench, &Options::new(vec![trial(name)])).await.0
}

fn content(name: &str) -> Value {
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
async fn items_in_a_list_and_in_other_words_come_in(bench: TestApp) {
    let files = ["13a_web2img_items_list.json", "13c_web2img_item_words.json"].map(trial);
    let (report, _) = import_all(&bench, &Options::new(files.to_vec())).await;
    assert_eq!(counts(&report), (2, 2, 0, 0), "{:?}", report.rejects);
    let jobs = export_jobs(&bench).await;
    let statuses = |id: &str| -> Vec<String> {
        let job = jobs.iter().find(|job| job["job_id"] == id).unwrap();
        let items = job["items"].as_array().unwrap().iter();
        items
            .map(|item| item["status"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(statuses("batch-00000001"), ["completed", "completed"]);
    assert_eq!(
        statuses("batch-00000003"),
        ["completed", "completed", "failed", "skipped"]
    );
}

#[on_both]
async fn a_list_is_found_in_every_envelope(bench: TestApp) {
    for name in [
        "03a_reply_vedo_list.json",
        "03b_success_first.json",
        "03f_data_list.json",
    ] {
        let report = tried(&bench, name).await;
        let (found, _, _, refused) = counts(&report);
        assert_eq!((found, refused), (2, 0), "{name}: {:?}", report.rejects);
    }
    let records = json!([job("e-1", json!({})), job("e-2", json!({}))]);
    let by_id = json!({"e-1": job("e-1", json!({})), "e-2": job("e-2", json!({}))});
    for envelope in [
        json!({"status": "ok", "version": 2, "updated_at": "2026-01-02T03:04:05", "z_jobs": records}),
        json!({"code": 0, "data": {"jobs": records, "total": 2}}),
        json!({"code": 0, "data": {"tasks": by_id}}),
        json!({"about": {"page": 1}, "results": by_id}),
        json!({"response": {"body": {"results": records}}, "success": true}),
        json!({"active": [records[0]], "history": [records[1]]}),
    ] {
        let report = import(&bench, &Dump::json(&envelope)).await;
        let (found, _, _, refused) = counts(&report);
        assert_eq!((found, refused), (2, 0), "{envelope}: {:?}", report.rejects);
    }
}

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
async fn a_record_of_another_program_is_no_store(bench: TestApp) {
    let report = tried(&bench, "10k_mode_and_status.json").await;
    let wanted = ["[0]", "[1]"].map(|at| (at.to_owned(), "unknown_shape"));
    assert_eq!(rejected(&report), wanted);
    assert!(report.rejects[0].kind.to_string().contains("--explain"));
    for name in [
        "10b_render_queue.json",
        "10e_clips_list.json",
        "10f_upscaler_list.json",
    ] {
        let report = tried(&bench, name).await;
        assert_eq!(report.total.imported, 0, "{name}");
        assert!(
            rejected(&report)
                .iter()
                .all(|(_, reason)| *reason == "unknown_shape")
        );
    }
    assert!(export_jobs(&bench).await.is_empty());
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
async fn every_answer_about_jobs_is_a_source(bench: TestApp) {
    let answers = [
        ("03a_reply_vedo_list.json", 2),
        ("04a_get_job_answer.json", 1),
        ("04b_direct_list.json", 1),
        ("04c_videos_list.json", 1),
        ("13b_web2img_status_answer.json", 1),
        ("13d_topclip_api_answer.json", 1),
        ("13e_comic_api_answer.json", 1),
        ("13f_draft_status_list.json", 1),
    ];
    for (name, jobs) in answers {
        let report = tried(&bench, name).await;
        assert_eq!(
            counts(&report),
            (jobs, jobs, 0, 0),
            "{name}: {:?}",
            report.rejects
        );
    }
    let jobs = export_jobs(&bench).await;
    let of = |id: &str| jobs.iter().find(|job| job["job_id"] == id).unwrap();
    let batch = of("batch-00000002");
    assert_eq!(
        (
            &batch["source"],
            &batch["total_shots"],
            &batch["completed_shots"]
        ),
        (&json!("web2img"), &json!(2), &json!(2))
    );
    assert_eq!(
        of("d-1")["result"]["video_path"],
        ".working_dir/script2video/d-1/final_video.mp4"
    );
    assert_eq!(
        of("11111111-0000-4000-8000-0000000000bb")["items"][1]["status"],
        "failed"
    );

    let results = json!({
        "job_id": "batch-00000004", "status": "completed", "total": 2, "succeeded": 1, "failed": 1,
        "processing_time": 3.2, "results": [
            {"id": "a", "status": "success", "url": "https://cdn.example/a.png", "cached": true},
            {"id": "b", "status": "error", "error": "no answer"},
        ],
    });
    let single = json!({
        "job_id": "d-2", "episode_id": null, "status": "running", "pipeline_type": "idea2video", "progress": 0.2,
        "video_path": null, "error": null, "created_at": "2026-01-02T03:04:05", "updated_at": "2026-01-02T03:04:06",
    });
    let shots = json!({"job_id": "s-1", "total_shots": 1, "shots": [{"shot_idx": 0, "status": "completed"}]});
    let report = import(&bench, &Dump::json(&results)).await;
    assert_eq!(counts(&report), (1, 1, 0, 0), "{:?}", report.rejects);
    assert!(report.total.rules.contains_key("time_taken_from_the_file"));
    let job = bench.get_job("batch-00000004").await.unwrap();
    assert_eq!((job.total_shots, job.completed_shots), (2, 1));
    assert_eq!(
        counts(&import(&bench, &Dump::json(&single)).await),
        (1, 1, 0, 0)
    );
    assert_eq!(
        counts(&import(&bench, &Dump::json(&shots)).await),
        (1, 0, 0, 1)
    );
}

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
