//! update_progress and update_shots.

use crate::support::{TestApp, pointers};
use callsheet::jobs::Progress;

fn progress(value: f64) -> Progress {
    Progress {
        progress: Some(value),
        current_stage: None,
    }
}

fn stage(text: &str) -> Progress {
    Progress {
        progress: None,
        current_stage: Some(text.into()),
    }
}

#[on_both]
async fn what_a_report_leaves_out_stays(t: TestApp) {
    let id = t.started().await.id;
    t.update_progress(&id, progress(12.5), None).await.unwrap();
    let job = t
        .update_progress(&id, stage("Developing story"), None)
        .await
        .unwrap();
    assert_eq!(
        (job.progress, job.current_stage.as_deref()),
        (12.5, Some("Developing story"))
    );
    let job = t.update_progress(&id, progress(7.25), None).await.unwrap();
    assert_eq!(
        (job.progress, job.current_stage.as_deref()),
        (7.25, Some("Developing story"))
    );
    let whole = t.whole(&id).await;
    assert_eq!(whole.kinds()[2..], ["progressed"; 3]);
    whole.assert_history_is_whole();
}

#[on_both]
async fn a_report_that_says_nothing_new_makes_no_event(t: TestApp) {
    let id = t.started().await.id;
    t.update_progress(&id, progress(33.3), None).await.unwrap();
    t.update_shots(&id, Some(3), Some(1), None).await.unwrap();
    let before = t.whole(&id).await;
    t.clock.advance(chrono::TimeDelta::seconds(1));
    t.update_progress(&id, progress(before.job.as_ref().unwrap().progress), None)
        .await
        .unwrap();
    t.update_shots(&id, Some(3), None, None).await.unwrap();
    assert_eq!(t.whole(&id).await, before);
}

#[on_both]
async fn progress_outside_0_to_100_is_refused(t: TestApp) {
    let id = t.started().await.id;
    for value in [
        -1.0,
        -0.000_001,
        100.000_001,
        101.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ] {
        let error = t
            .refused(
                &id,
                "invalid_request",
                t.update_progress(&id, progress(value), None),
            )
            .await;
        assert_eq!(pointers(&error), ["/progress out_of_range"], "{value}");
    }
    for value in [0.0, 100.0, 0.1 + 0.2, f64::MIN_POSITIVE] {
        assert_eq!(
            t.update_progress(&id, progress(value), None)
                .await
                .unwrap()
                .progress,
            value
        );
        assert_eq!(t.get_job(&id).await.unwrap().progress, value);
    }
}

#[on_both]
async fn a_report_of_nothing_is_refused(t: TestApp) {
    let id = t.started().await.id;
    let error = t
        .refused(
            &id,
            "invalid_request",
            t.update_progress(&id, Progress::default(), None),
        )
        .await;
    assert_eq!(pointers(&error), [" nothing_given"]);
    let error = t
        .refused(
            &id,
            "invalid_request",
            t.update_shots(&id, None, None, None),
        )
        .await;
    assert_eq!(pointers(&error), [" nothing_given"]);
}

#[on_both]
async fn a_stage_of_255_characters_is_taken_and_one_of_256_refused(t: TestApp) {
    let id = t.started().await.id;
    t.update_progress(&id, stage(&"🎬".repeat(255)), None)
        .await
        .unwrap();
    let error = t
        .refused(
            &id,
            "invalid_request",
            t.update_progress(&id, stage(&"a".repeat(256)), None),
        )
        .await;
    assert_eq!(pointers(&error), ["/current_stage too_long"]);
}

#[on_both]
async fn shots_decide_the_progress_when_a_total_is_known(t: TestApp) {
    let id = t.started().await.id;
    t.update_progress(&id, progress(3.0), None).await.unwrap();
    let job = t.update_shots(&id, Some(0), None, None).await.unwrap();
    assert_eq!(job.progress, 3.0, "without a total the progress stays");
    let job = t.update_shots(&id, Some(8), Some(1), None).await.unwrap();
    assert_eq!(
        (job.progress, job.total_shots, job.completed_shots),
        (12.5, 8, 1)
    );
    let job = t.update_shots(&id, None, Some(8), None).await.unwrap();
    assert_eq!(
        (job.progress, job.total_shots, job.completed_shots),
        (100.0, 8, 8)
    );
    let job = t.update_shots(&id, Some(16), None, None).await.unwrap();
    assert_eq!(
        (job.progress, job.total_shots, job.completed_shots),
        (50.0, 16, 8)
    );
}

#[on_both]
async fn more_shots_done_than_there_are_is_refused(t: TestApp) {
    let id = t.started().await.id;
    t.update_shots(&id, Some(5), Some(5), None).await.unwrap();
    let error = t
        .refused(
            &id,
            "invalid_request",
            t.update_shots(&id, Some(5), Some(6), None),
        )
        .await;
    assert_eq!(pointers(&error), ["/completed_shots exceeds_total"]);
    for (total, completed) in [(None, Some(6)), (Some(4), None), (Some(0), None)] {
        t.refused(
            &id,
            "shots_exceed_total",
            t.update_shots(&id, total, completed, None),
        )
        .await;
    }
}

#[on_both]
async fn negative_shots_are_refused(t: TestApp) {
    let id = t.started().await.id;
    let error = t
        .refused(
            &id,
            "invalid_request",
            t.update_shots(&id, Some(-1), Some(i32::MIN), None),
        )
        .await;
    assert_eq!(
        pointers(&error),
        ["/total_shots out_of_range", "/completed_shots out_of_range"]
    );
    t.update_shots(&id, Some(i32::MAX), Some(i32::MAX), None)
        .await
        .unwrap();
}

#[on_both]
async fn shots_of_a_job_with_items_are_counted_and_not_told(t: TestApp) {
    let id = t.with_items(&["a", "b"]).await.id;
    t.start(&id).await;
    t.refused(
        &id,
        "shots_counted_from_items",
        t.update_shots(&id, Some(2), Some(1), None),
    )
    .await;
}
