//! update_job: fields and a status in one write.

use super::mark_completed::object;
use crate::support::{TestApp, any_job, for_good};
use callsheet::jobs::{JobPatch, NewEpisode, NewJob};
use chrono::{TimeDelta, TimeZone, Utc};
use entity::JobStatus;
use serde_json::json;

fn to(status: JobStatus) -> JobPatch {
    JobPatch {
        status: Some(status),
        ..Default::default()
    }
}

#[on_both]
async fn every_field_can_be_set_and_cleared(t: TestApp) {
    let bare = t.started().await;
    let id = &bare.id.clone();
    let series_id = t.series("Night shift").await;
    let new = NewEpisode {
        series_id: None,
        title: None,
        number: None,
    };
    let episode_id = t.create_episode(new, None).await.unwrap().id;
    let text = |s: &str| Some(Some(s.to_owned()));
    let full = JobPatch {
        status: None,
        mode: text("script"),
        content: text("c"),
        user_requirement: text("u"),
        style: text("s"),
        project_title: text("p"),
        request_data: Some(Some(object(json!({"r": 1})))),
        context: Some(Some(object(json!({"c": 1})))),
        progress: Some(50.0),
        current_stage: text("Rendering"),
        working_dir: text("/w"),
        result: Some(Some(object(json!({"v": 1})))),
        error: text("e"),
        total_shots: Some(4),
        completed_shots: Some(2),
        episode_id: Some(Some(episode_id.clone())),
        series_id: Some(Some(series_id.clone())),
        priority: Some(7),
        run_at: Some(Some(Utc.timestamp_nanos(1_800_000_000_000_000_999))),
        max_attempts: Some(9),
        max_run_seconds: Some(Some(60)),
        labels: Some(Some([("team".to_owned(), Some("a".to_owned()))].into())),
    };
    let job = t.update_job(id, full, None).await.unwrap();
    assert_eq!(t.get_job(id).await.unwrap(), job);
    let texts = [
        &job.mode,
        &job.content,
        &job.user_requirement,
        &job.style,
        &job.project_title,
        &job.current_stage,
    ];
    assert_eq!(
        texts.map(|t| t.as_deref().unwrap()),
        ["script", "c", "u", "s", "p", "Rendering"]
    );
    assert_eq!(
        (&job.request_data, &job.context),
        (&Some(json!({"r": 1})), &Some(json!({"c": 1})))
    );
    assert_eq!(
        (&job.result_data, &job.labels),
        (&Some(json!({"v": 1})), &Some(json!({"team": "a"})))
    );
    assert_eq!(
        (job.progress, job.total_shots, job.completed_shots),
        (50.0, 4, 2)
    );
    assert_eq!(
        (job.episode_id, job.series_id),
        (Some(episode_id), Some(series_id))
    );
    assert_eq!(
        (job.priority, job.max_attempts, job.max_run_seconds),
        (7, 9, Some(60))
    );
    assert_eq!(
        job.run_at,
        Some(Utc.timestamp_nanos(1_800_000_000_000_000_000))
    );
    let none = Some(None);
    let empty = JobPatch {
        mode: none.clone(),
        content: none.clone(),
        user_requirement: none.clone(),
        style: none.clone(),
        project_title: none.clone(),
        request_data: Some(None),
        context: Some(None),
        progress: Some(0.0),
        current_stage: none.clone(),
        working_dir: Some(bare.working_dir.clone()),
        result: Some(None),
        error: none.clone(),
        total_shots: Some(0),
        completed_shots: Some(0),
        episode_id: none.clone(),
        series_id: none,
        priority: Some(0),
        run_at: Some(None),
        max_attempts: Some(3),
        max_run_seconds: Some(None),
        labels: Some(None),
        status: None,
    };
    let cleared = t.update_job(id, empty, None).await.unwrap();
    assert_eq!(
        cleared,
        entity::job::Model {
            version: bare.version + 2,
            ..bare
        }
    );
    t.whole(id).await.assert_history_is_whole();
}

#[on_both]
async fn a_patch_that_changes_nothing_makes_no_version(t: TestApp) {
    let labels = [("team".to_owned(), "a".to_owned())].into();
    let new = NewJob {
        style: Some("Noir".into()),
        labels,
        context: Some(object(json!({"a": 1}))),
        ..any_job()
    };
    let id = t.create(new).await.id;
    let before = t.whole(&id).await;
    t.clock.advance(TimeDelta::seconds(1));
    t.update_job(&id, JobPatch::default(), None).await.unwrap();
    let same = JobPatch {
        status: Some(JobStatus::Queued),
        style: Some(Some("Noir".into())),
        context: Some(Some(object(json!({"a": 1, "gone": null})))),
        labels: Some(Some([("other".to_owned(), None)].into())),
        ..Default::default()
    };
    t.update_job(&id, same, None).await.unwrap();
    assert_eq!(t.whole(&id).await, before);
}

#[on_both]
async fn a_status_comes_with_the_other_fields_in_one_event(t: TestApp) {
    let id = t.queued().await.id;
    let start = JobPatch {
        progress: Some(5.0),
        current_stage: Some(Some("Script".into())),
        ..to(JobStatus::Processing)
    };
    let job = t.update_job(&id, start, None).await.unwrap();
    assert_eq!(
        (job.status, job.attempt, job.progress),
        (JobStatus::Processing, 1, 5.0)
    );
    let result = Some(Some(object(json!({"video_path": "v.mp4"}))));
    let done = JobPatch {
        result,
        total_shots: Some(6),
        completed_shots: Some(5),
        ..to(JobStatus::Completed)
    };
    let job = t.update_job(&id, done, None).await.unwrap();
    assert_eq!(
        (
            job.status,
            job.progress,
            job.total_shots,
            job.completed_shots
        ),
        (JobStatus::Completed, 100.0, 6, 6)
    );
    assert_eq!(job.result_data, Some(json!({"video_path": "v.mp4"})));
    let whole = t.whole(&id).await;
    assert_eq!(whole.kinds(), ["created", "started", "completed"]);
    whole.assert_history_is_whole();
}

#[on_both]
async fn a_failure_by_hand_is_for_good_and_takes_the_error_along(t: TestApp) {
    let id = t.started().await.id;
    let patch = JobPatch {
        error: Some(Some("no such model".into())),
        ..to(JobStatus::Failed)
    };
    let job = t.update_job(&id, patch, None).await.unwrap();
    assert_eq!(
        (job.status, job.error_message.as_deref()),
        (JobStatus::Failed, Some("no such model"))
    );
    let job = t
        .update_job(&id, to(JobStatus::Queued), None)
        .await
        .unwrap();
    assert_eq!(
        (job.status, job.error_message, job.completed_at),
        (JobStatus::Queued, None, None)
    );
}

#[on_both]
async fn a_refused_status_takes_the_other_fields_with_it(t: TestApp) {
    let id = t.queued().await.id;
    let patch = JobPatch {
        style: Some(Some("Noir".into())),
        ..to(JobStatus::Completed)
    };
    t.refused(
        &id,
        "job_transition_illegal",
        t.update_job(&id, patch, None),
    )
    .await;
}

#[on_both]
async fn progress_is_patched_only_while_the_job_runs(t: TestApp) {
    for status in [
        JobStatus::Queued,
        JobStatus::Completed,
        JobStatus::Failed,
        JobStatus::Cancelled,
    ] {
        let id = t.job_in(status).await.id;
        for patch in [
            JobPatch {
                progress: Some(1.0),
                ..Default::default()
            },
            JobPatch {
                current_stage: Some(None),
                ..Default::default()
            },
        ] {
            t.refused(&id, "job_not_processing", t.update_job(&id, patch, None))
                .await;
        }
        let title = JobPatch {
            project_title: Some(Some("The end".into())),
            ..Default::default()
        };
        t.update_job(&id, title, None).await.unwrap();
    }
}

#[on_both]
async fn shots_of_a_job_with_items_cannot_be_patched(t: TestApp) {
    let id = t.with_items(&["a", "b"]).await.id;
    t.start(&id).await;
    let patch = JobPatch {
        completed_shots: Some(1),
        ..Default::default()
    };
    t.refused(
        &id,
        "shots_counted_from_items",
        t.update_job(&id, patch, None),
    )
    .await;
}

#[on_both]
async fn a_job_is_retried_by_a_patch_and_keeps_its_done_items(t: TestApp) {
    let id = t.with_items(&["a", "b"]).await.id;
    t.start(&id).await;
    let done = entity::ItemStatus::Completed;
    let report = callsheet::jobs::ItemReport {
        key: Some("a".into()),
        idx: None,
        status: done,
        result: None,
        error: None,
    };
    t.report_items(&id, vec![report], None).await.unwrap();
    t.mark_failed(&id, for_good("broken"), None).await.unwrap();
    let job = t
        .update_job(
            &id,
            JobPatch {
                priority: Some(5),
                ..to(JobStatus::Queued)
            },
            None,
        )
        .await
        .unwrap();
    assert_eq!(
        (
            job.priority,
            job.total_shots,
            job.completed_shots,
            job.progress
        ),
        (5, 2, 1, 50.0)
    );
}

#[on_both]
async fn a_retry_by_a_patch_waits_until_the_time_that_comes_with_it(t: TestApp) {
    let id = t.job_in(JobStatus::Cancelled).await.id;
    let later = t.now() + TimeDelta::hours(1);
    let job = t
        .update_job(
            &id,
            JobPatch {
                run_at: Some(Some(later)),
                ..to(JobStatus::Queued)
            },
            None,
        )
        .await
        .unwrap();
    assert_eq!((job.status, job.run_at), (JobStatus::Queued, Some(later)));
}
