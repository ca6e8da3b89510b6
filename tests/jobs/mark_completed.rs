//! mark_completed.

use crate::support::{TestApp, for_now, pointers};
use callsheet::jobs::Progress;
use chrono::TimeDelta;
use entity::JobStatus;
use serde_json::{Map, Value, json};

pub fn object(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else {
        panic!("{value} is not an object")
    };
    members
}

#[on_both]
async fn a_completed_job_has_all_shots_and_its_result_and_no_error(t: TestApp) {
    let id = t.started().await.id;
    t.mark_failed(&id, for_now("busy"), None).await.unwrap();
    t.start(&id).await;
    t.update_shots(&id, Some(8), Some(3), None).await.unwrap();
    let now = t.clock.advance(TimeDelta::seconds(9));
    let result = object(json!({"video_path": "/media/final.mp4"}));
    let job = t
        .mark_completed(&id, Some(result.clone()), None)
        .await
        .unwrap();
    assert_eq!((job.status, job.progress), (JobStatus::Completed, 100.0));
    assert_eq!((job.total_shots, job.completed_shots), (8, 8));
    assert_eq!((job.error_message, job.completed_at), (None, Some(now)));
    assert_eq!(job.result_data, Some(Value::Object(result)));
}

#[on_both]
async fn without_a_result_the_one_that_was_there_stays(t: TestApp) {
    let id = t.started().await.id;
    let patch = callsheet::jobs::JobPatch {
        result: Some(Some(object(json!({"a": 1})))),
        ..Default::default()
    };
    t.update_job(&id, patch, None).await.unwrap();
    let job = t.mark_completed(&id, None, None).await.unwrap();
    assert_eq!(job.result_data, Some(json!({"a": 1})));
}

#[on_both]
async fn without_a_known_total_there_are_no_shots_and_all_the_progress(t: TestApp) {
    let id = t.started().await.id;
    t.update_progress(
        &id,
        Progress {
            progress: Some(40.0),
            current_stage: Some("Rendering".into()),
        },
        None,
    )
    .await
    .unwrap();
    let job = t.mark_completed(&id, None, None).await.unwrap();
    assert_eq!(
        (job.progress, job.total_shots, job.completed_shots),
        (100.0, 0, 0)
    );
}

#[on_both]
async fn a_result_with_a_nul_is_refused_and_its_place_named(t: TestApp) {
    let id = t.started().await.id;
    let result = object(json!({"shots": [{"a/b": "x\0"}], "ok": "x"}));
    let error = t
        .refused(
            &id,
            "invalid_request",
            t.mark_completed(&id, Some(result), None),
        )
        .await;
    assert_eq!(pointers(&error), ["/result/shots/0/a~1b nul_character"]);
}
