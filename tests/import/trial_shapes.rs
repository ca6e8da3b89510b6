//! Shapes of the files of users: lists, envelopes, answers about jobs, and records of other
//! programs.

use super::{
    dump::{Dump, counts, export_jobs, import, import_all, job, rejected},
    trials::{trial, tried},
};
use crate::support::TestApp;
use callsheet::import::Options;
use serde_json::json;

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
