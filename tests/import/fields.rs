//! Where each field of a record ends up.

use super::dump::{Dump, export_jobs, import, import_all, job};
use crate::support::TestApp;
use callsheet::import::{Options, SourceKind};
use chrono_tz::America::New_York;
use serde_json::{Value, json};

async fn only(bench: &TestApp, record: Value) -> Value {
    let report = import(bench, &Dump::json(&json!([record]))).await;
    assert_eq!(report.total.imported, 1, "{:?}", report.rejects);
    export_jobs(bench).await.remove(0)
}

#[on_both]
async fn what_has_no_column_is_kept(bench: TestApp) {
    let record = job(
        "a",
        json!({"tenant": {"id": 7}, "notes": null, "retries": 3}),
    );
    let job = only(&bench, record.clone()).await;
    assert_eq!(
        job["context"],
        json!({"legacy": {"tenant": {"id": 7}, "retries": 3}})
    );
    assert_eq!(job["request_data"], record["request"]);
    assert_eq!(
        (&job["started_at"], &job["completed_at"]),
        (&Value::Null, &Value::Null)
    );
}

#[on_both]
async fn a_text_too_long_for_its_column_is_cut_and_kept_whole(bench: TestApp) {
    let long = "é".repeat(700);
    let record = job(
        "a",
        json!({"current_stage": long, "working_dir": long, "request": {"idea": "i", "style": long}}),
    );
    let job = only(&bench, record).await;
    for (name, characters) in [("current_stage", 255), ("working_dir", 500), ("style", 255)] {
        assert_eq!(job[name], "é".repeat(characters));
        assert_eq!(job["context"]["legacy"][name], long.as_str());
    }
}

#[on_both]
async fn local_times_are_read_in_the_zone_that_is_named(bench: TestApp) {
    let cases = [
        (
            "summer",
            "2025-10-30T09:07:22.559323",
            "2025-10-30T13:07:22.559323Z",
        ),
        (
            "winter",
            "2025-11-03T09:07:22",
            "2025-11-03T14:07:22.000000Z",
        ),
        (
            "twice",
            "2025-11-02T01:40:00",
            "2025-11-02T05:40:00.000000Z",
        ),
        (
            "never",
            "2025-03-09T02:30:00",
            "2025-03-09T07:30:00.000000Z",
        ),
        (
            "zoned",
            "2025-03-09T02:30:00Z",
            "2025-03-09T02:30:00.000000Z",
        ),
    ];
    let records: Vec<_> = cases
        .iter()
        .map(|(id, at, _)| job(id, json!({"created_at": at, "updated_at": at})))
        .collect();
    let dump = Dump::json(&records.into());
    import_all(
        &bench,
        &Options {
            source_tz: New_York,
            ..dump.options()
        },
    )
    .await;
    let jobs = export_jobs(&bench).await;
    for (id, _, instant) in cases {
        let job = jobs.iter().find(|job| job["job_id"] == id).unwrap();
        assert_eq!(
            (&job["created_at"], &job["updated_at"]),
            (&instant.into(), &instant.into()),
            "{id}"
        );
    }
}

#[on_both]
async fn the_inner_id_counts_whatever_the_key_is(bench: TestApp) {
    let mut without = job("", json!({}));
    without.as_object_mut().unwrap().remove("job_id");
    import(
        &bench,
        &Dump::json(&json!({"outer": job("inner", json!({})), "odd id/with 🎻": without})),
    )
    .await;
    let inner = bench.get_job("inner").await.unwrap();
    assert_eq!(inner.context.unwrap()["legacy"]["key"], "outer");
    assert!(bench.get_job("odd id/with 🎻").await.is_ok());
    assert!(bench.get_job("outer").await.is_err());
}

fn of_episode(episode: &str, series: &str) -> Value {
    json!({
        "job_id": "a", "pipeline_type": "idea2video", "status": "completed", "progress": 1.0, "video_path": "v.mp4",
        "episode_id": episode, "request_data": {"idea": "i", "series_id": series, "title": "t"},
        "created_at": "2025-06-01T12:00:00", "updated_at": "2025-06-01T12:00:01",
    })
}

#[on_both]
async fn a_link_to_what_never_came_along_is_kept_aside(bench: TestApp) {
    let job = only(&bench, of_episode("e-1", &"s".repeat(80))).await;
    assert_eq!(
        (&job["episode_id"], &job["series_id"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        job["context"]["legacy"],
        json!({"episode_id": "e-1", "series_id": "s".repeat(80)})
    );
}

#[on_both]
async fn a_link_to_what_is_there_holds(bench: TestApp) {
    let series = bench.series("The orchestra").await;
    let job = only(&bench, of_episode("e-1", &series)).await;
    assert_eq!(job["series_id"], series.as_str());
    assert_eq!(job["context"]["legacy"], json!({"episode_id": "e-1"}));
}

#[on_both]
async fn shots_are_items_and_read_as_shots_again(bench: TestApp) {
    let shot = |idx: i32, status: &str| {
        json!({
            "shot_idx": idx, "status": status, "first_frame_path": "/media/f.png", "last_frame_path": null,
            "video_path": null, "description": null, "visual_desc": "a pier", "motion_desc": null, "audio_desc": null,
            "camera_idx": 2, "variation_type": "small", "error": null, "scene_idx": null,
        })
    };
    let shots = json!([
        shot(0, "completed"),
        shot(0, "generating_frames"),
        shot(1, "failed"),
        shot(2, "odd")
    ]);
    let record = job(
        "a",
        json!({"status": "processing", "shots": shots, "progress": 90.0}),
    );
    let job = only(&bench, record).await;
    assert_eq!(
        (
            &job["total_shots"],
            &job["completed_shots"],
            &job["progress"]
        ),
        (&json!(4), &json!(1), &json!(25.0))
    );
    assert_eq!(job["context"]["legacy"]["progress"], 90.0);
    let items = job["items"].as_array().unwrap();
    let keys: Vec<_> = items
        .iter()
        .map(|item| (item["idx"].as_i64().unwrap(), item["key"].as_str().unwrap()))
        .collect();
    assert_eq!(keys, [(0, "0"), (1, "0.2"), (2, "1"), (3, "2")]);
    assert_eq!(items[1]["input"]["shot_idx"], 0);
    assert_eq!(items[3]["result"]["status"], "odd");

    let (_, shots, _) = bench.list_shots("a", None).await.unwrap();
    use callsheet::jobs::ShotStatus::{Completed, Failed, GeneratingFrames, Pending};
    assert_eq!(
        shots.iter().map(|s| s.status).collect::<Vec<_>>(),
        [Completed, GeneratingFrames, Failed, Pending]
    );
    assert_eq!(
        (
            shots[2].shot_idx,
            shots[2].camera_idx,
            shots[2].visual_desc.as_deref()
        ),
        (1, Some(2), Some("a pier"))
    );
}

#[on_both]
async fn a_store_can_be_named(bench: TestApp) {
    // The record lacks almost all by which its store is recognised; its request tells the type.
    let mut record = job("a", json!({}));
    for name in ["type", "working_dir", "shots"] {
        record.as_object_mut().unwrap().remove(name);
    }
    let dump = Dump::json(&json!([record]));
    assert_eq!(import(&bench, &dump).await.total.rejected, 1);
    let options = Options {
        source: Some(SourceKind::VedoJobs),
        ..dump.options()
    };
    assert_eq!(import_all(&bench, &options).await.0.total.imported, 1);
    assert_eq!(bench.get_job("a").await.unwrap().job_type, "idea2video");
}

#[on_both]
async fn many_records_come_in_batches(bench: TestApp) {
    let records: Vec<_> = (0..1203)
        .map(|n| job(&format!("job-{n}"), json!({})))
        .collect();
    let report = import(&bench, &Dump::json(&records.into())).await;
    assert_eq!(report.total.imported, 1203);
    assert_eq!(export_jobs(&bench).await.len(), 1203);
}
