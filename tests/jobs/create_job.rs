//! create_job.

use super::mark_completed::object;
use crate::support::{TestApp, any_job, at_once, pointers};
use callsheet::jobs::{NewEpisode, NewItem, NewJob};
use chrono::{TimeDelta, TimeZone, Utc};
use entity::{ItemStatus, JobStatus};
use serde_json::{Value, json};

#[on_both]
async fn a_created_job_is_queued_with_the_defaults_of_the_domain(t: TestApp) {
    let job = t.queued().await;
    assert_eq!(
        (job.status, job.version, job.attempt, job.max_attempts),
        (JobStatus::Queued, 1, 0, 3)
    );
    assert_eq!(
        (
            job.progress,
            job.total_shots,
            job.completed_shots,
            job.priority
        ),
        (0.0, 0, 0, 0)
    );
    assert_eq!((job.created_at, job.updated_at), (t.now(), t.now()));
    assert_eq!(
        (job.started_at, job.completed_at, job.run_at),
        (None, None, None)
    );
    assert_eq!(
        job.working_dir,
        Some(format!(".working_dir/idea2video/{}", job.id))
    );
    let whole = t.whole(&job.id).await;
    assert_eq!(whole.kinds(), ["created"]);
    whole.assert_history_is_whole();
}

#[on_both]
async fn what_was_sent_is_read_back(t: TestApp) {
    let series_id = t.series("Night shift").await;
    let episode = NewEpisode {
        series_id: Some(series_id.clone()),
        title: None,
        number: Some(1),
    };
    let episode_id = t.create_episode(episode, None).await.unwrap().id;
    let data = json!({"text": "Ünï 🎬 \\ \" \u{1}", "n": [0, -1, 1.5, 1e-7, u64::MAX, null, true], "deep": {"": {}}});
    let new = NewJob {
        job_id: Some("A.b_c:d-9".into()),
        mode: Some("idea".into()),
        content: Some("A cat\r\nand a dog 🐈".into()),
        user_requirement: Some(String::new()),
        style: Some("é".repeat(255)),
        project_title: Some("100 % \\ _".into()),
        request_data: Some(object(data.clone())),
        context: Some(object(json!({}))),
        working_dir: Some("/tmp/x".into()),
        episode_id: Some(episode_id.clone()),
        series_id: Some(series_id.clone()),
        priority: -100,
        run_at: Some(Utc.timestamp_nanos(1_800_000_000_123_456_789)),
        max_attempts: Some(100),
        labels: [("team/a.b".to_owned(), "x y".to_owned())].into(),
        ..any_job()
    };
    let created = t.create(new.clone()).await;
    let job = t.get_job("A.b_c:d-9").await.unwrap();
    assert_eq!(job, created, "the answer is what later reads give");
    assert_eq!(job.request_data, Some(data));
    assert_eq!(
        (job.content, job.style, job.project_title),
        (new.content, new.style, new.project_title)
    );
    assert_eq!(
        (job.mode, job.user_requirement, job.working_dir),
        (new.mode, new.user_requirement, new.working_dir)
    );
    assert_eq!(
        (job.context, job.labels),
        (Some(json!({})), Some(json!({"team/a.b": "x y"})))
    );
    assert_eq!(
        (job.episode_id, job.series_id),
        (Some(episode_id), Some(series_id))
    );
    assert_eq!(
        job.run_at,
        Some(Utc.timestamp_nanos(1_800_000_000_123_456_000)),
        "cut to microseconds"
    );
}

#[on_both]
async fn an_id_that_is_taken_is_refused_and_its_job_stays(t: TestApp) {
    t.named("mine").await;
    let other = NewJob {
        job_id: Some("mine".into()),
        job_type: "other".into(),
        ..any_job()
    };
    t.refused("mine", "job_exists", t.create_job(other, None))
        .await;
}

#[on_both]
async fn of_many_that_create_one_id_at_once_one_does(t: TestApp) {
    for round in 0..10 {
        let id = format!("job-{round}");
        let create = |n: i32| {
            let (t, id) = (t.clone(), id.clone());
            let new = NewJob {
                job_id: Some(id),
                content: Some(n.to_string()),
                ..any_job()
            };
            async move {
                t.create_job(new, None)
                    .await
                    .map(|created| created.job)
                    .map_err(|e| e.code())
            }
        };
        let outcomes = at_once((0..4).map(create)).await;
        let made: Vec<_> = outcomes.iter().flatten().collect();
        assert_eq!(made.len(), 1, "{outcomes:?}");
        assert!(
            outcomes
                .iter()
                .all(|o| matches!(o, Ok(_) | Err("job_exists"))),
            "{outcomes:?}"
        );
        let whole = t.whole(&id).await;
        assert_eq!(whole.job.as_ref(), Some(made[0]));
        whole.assert_history_is_whole();
    }
}

#[on_both]
async fn a_series_or_episode_that_is_not_there_is_named(t: TestApp) {
    let series = NewJob {
        job_id: Some("a".into()),
        series_id: Some("nowhere".into()),
        ..any_job()
    };
    let error = t
        .refused("a", "series_not_found", t.create_job(series, None))
        .await;
    assert!(
        error.to_string().contains("nowhere") && error.to_string().contains("series_id"),
        "{error}"
    );
    let episode = NewJob {
        job_id: Some("a".into()),
        episode_id: Some("nowhere".into()),
        ..any_job()
    };
    let error = t
        .refused("a", "episode_not_found", t.create_job(episode, None))
        .await;
    assert!(
        error.to_string().contains("nowhere") && error.to_string().contains("episode_id"),
        "{error}"
    );
}

#[on_both]
async fn items_keep_the_order_in_which_they_came(t: TestApp) {
    let item = |key: &str, input| NewItem {
        key: key.into(),
        input,
    };
    let items = vec![
        item("z", Some(json!({"url": "a"}))),
        item("a", None),
        item("m", Some(Value::Null)),
        item("5", Some(json!(5))),
    ];
    let job = t.create(NewJob { items, ..any_job() }).await;
    assert_eq!(
        (job.total_shots, job.completed_shots, job.progress),
        (4, 0, 0.0)
    );
    let rows = t.list_items(&job.id, None, 10).await.unwrap();
    let seen: Vec<_> = rows
        .iter()
        .map(|i| (i.idx, i.key.as_str(), i.input.clone()))
        .collect();
    let object = Some(json!({"url": "a"}));
    assert_eq!(
        seen,
        [
            (0, "z", object),
            (1, "a", None),
            (2, "m", None),
            (3, "5", Some(json!(5)))
        ]
    );
    assert!(
        rows.iter()
            .all(|i| (i.status, i.attempt, i.created_at) == (ItemStatus::Pending, 0, t.now()))
    );
}

#[on_both]
async fn ten_thousand_items_are_taken_and_one_more_refused(t: TestApp) {
    let items = |n: usize| {
        (0..n)
            .map(|i| NewItem {
                key: format!("shot-{i}"),
                input: None,
            })
            .collect::<Vec<_>>()
    };
    let job = t
        .create(NewJob {
            items: items(10_000),
            ..any_job()
        })
        .await;
    assert_eq!(job.total_shots, 10_000);
    let last = t.list_items(&job.id, Some(9_998), 10).await.unwrap();
    assert_eq!(
        last.iter().map(|i| i.key.as_str()).collect::<Vec<_>>(),
        ["shot-9999"]
    );
    let more = NewJob {
        job_id: Some("more".into()),
        items: items(10_001),
        ..any_job()
    };
    let error = t
        .refused("more", "invalid_request", t.create_job(more, None))
        .await;
    assert_eq!(pointers(&error), ["/items too_many"]);
}

#[on_both]
async fn times_are_kept_to_the_microsecond(t: TestApp) {
    for micros in [1, 1_000, 999_999, 1_000_000, 500_000] {
        t.clock.advance(TimeDelta::microseconds(micros));
        let job = t.queued().await;
        assert_eq!(t.get_job(&job.id).await.unwrap().created_at, t.now());
    }
}
