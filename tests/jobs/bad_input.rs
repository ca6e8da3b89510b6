//! Input that is refused: each error at its field, all at once, and nothing is written.

use super::mark_completed::object;
use crate::support::{TestApp, any_job, parameters, pointers, refusal};
use callsheet::{
    error::Result,
    jobs::{Filter, IfVersion, JobPatch, NewEpisode, NewItem, NewJob, NewSeries},
};
use chrono::{DateTime, TimeZone, Utc};
use serde_json::json;

async fn nothing_was_written(t: &TestApp) {
    assert_eq!(t.count_jobs(&Filter::default()).await.unwrap().total(), 0);
}

#[on_both]
async fn a_nul_is_refused_wherever_it_stands(t: TestApp) {
    let nul = || Some("a\0b".to_owned());
    let new = NewJob {
        mode: nul(),
        content: nul(),
        user_requirement: nul(),
        style: nul(),
        project_title: nul(),
        request_data: Some(object(json!({"a": [1, {"b~/c": "\0"}]}))),
        context: Some(object(json!({"a": {"k\0": 1}}))),
        working_dir: nul(),
        episode_id: nul(),
        series_id: nul(),
        labels: [("team".to_owned(), "\0".to_owned())].into(),
        items: vec![NewItem {
            key: "k".into(),
            input: Some(json!(["\0"])),
        }],
        ..any_job()
    };
    let error = refusal(t.create_job(new, None).await, "invalid_request");
    let places = [
        "/mode",
        "/content",
        "/user_requirement",
        "/style",
        "/project_title",
        "/request_data/a/1/b~0~1c",
        "/context/a",
        "/working_dir",
        "/episode_id",
        "/series_id",
        "/labels/team",
        "/items/0/input/0",
    ];
    assert_eq!(
        pointers(&error),
        places.map(|p| format!("{p} nul_character"))
    );
    nothing_was_written(&t).await;
}

#[on_both]
async fn a_text_that_is_too_long_is_refused_and_the_longest_is_taken(t: TestApp) {
    let text = |n: usize| Some("ü".repeat(n));
    let new = |more: usize| NewJob {
        mode: text(20 + more),
        style: text(255 + more),
        project_title: text(255 + more),
        working_dir: text(500 + more),
        content: text(100_000),
        ..any_job()
    };
    let error = refusal(t.create_job(new(1), None).await, "invalid_request");
    assert_eq!(
        pointers(&error),
        ["/mode", "/style", "/project_title", "/working_dir"].map(|p| format!("{p} too_long"))
    );
    nothing_was_written(&t).await;
    t.create(new(0)).await;
}

#[on_both]
async fn an_id_is_1_to_64_plain_characters(t: TestApp) {
    let long = "x".repeat(65);
    for id in [
        "",
        "a/b",
        "a b",
        "🎬",
        "é",
        "a\0",
        "%2e",
        &long,
        &"x".repeat(300),
    ] {
        let new = NewJob {
            job_id: Some(id.into()),
            ..any_job()
        };
        let error = refusal(t.create_job(new, None).await, "invalid_request");
        assert_eq!(pointers(&error), ["/job_id invalid_id"], "{id}");
    }
    for id in ["bulk", "counts", "actions", ".", ".."] {
        let new = NewJob {
            job_id: Some(id.into()),
            ..any_job()
        };
        let error = refusal(t.create_job(new, None).await, "invalid_request");
        assert_eq!(pointers(&error), ["/job_id reserved_id"], "{id}");
    }
    nothing_was_written(&t).await;
    t.named(&long[1..]).await;
}

#[on_both]
async fn numbers_times_types_labels_and_keys_have_their_bounds(t: TestApp) {
    let many = (0..17).map(|n| (format!("label-{n}"), String::new()));
    let odd = [
        ("a~b".to_owned(), String::new()),
        ("x".repeat(64), String::new()),
        (String::new(), String::new()),
    ];
    let item = |key: &str| NewItem {
        key: key.into(),
        input: None,
    };
    // An hour east of Greenwich the year 1 has begun, here it has not; and a leap second that is
    // the next year's first.
    let early = DateTime::parse_from_rfc3339("0001-01-01T00:00:00+01:00")
        .unwrap()
        .to_utc();
    let late = DateTime::parse_from_rfc3339("9999-12-31T23:59:60Z")
        .unwrap()
        .to_utc();
    let cases: [(NewJob, Vec<&str>); 11] = [
        (
            NewJob {
                job_type: "Idea".into(),
                ..any_job()
            },
            vec!["/job_type invalid_job_type"],
        ),
        (
            NewJob {
                job_type: "x".repeat(51),
                ..any_job()
            },
            vec!["/job_type invalid_job_type"],
        ),
        (
            NewJob {
                priority: 101,
                ..any_job()
            },
            vec!["/priority out_of_range"],
        ),
        (
            NewJob {
                priority: i16::MIN,
                max_attempts: Some(0),
                ..any_job()
            },
            vec!["/priority out_of_range", "/max_attempts out_of_range"],
        ),
        (
            NewJob {
                max_attempts: Some(101),
                ..any_job()
            },
            vec!["/max_attempts out_of_range"],
        ),
        (
            NewJob {
                run_at: Utc.with_ymd_and_hms(10_000, 1, 1, 0, 0, 0).single(),
                ..any_job()
            },
            vec!["/run_at out_of_range"],
        ),
        (
            NewJob {
                run_at: Some(early),
                ..any_job()
            },
            vec!["/run_at out_of_range"],
        ),
        (
            NewJob {
                run_at: Some(late),
                ..any_job()
            },
            vec!["/run_at out_of_range"],
        ),
        (
            NewJob {
                labels: many.collect(),
                ..any_job()
            },
            vec!["/labels too_many"],
        ),
        (
            NewJob {
                labels: odd[..1].iter().cloned().collect(),
                ..any_job()
            },
            vec!["/labels/a~0b invalid_label"],
        ),
        (
            NewJob {
                items: vec![item("a"), item(""), item("a"), item("\n")],
                ..any_job()
            },
            vec!["/items/1/key invalid_name", "/items/3/key invalid_name"],
        ),
    ];
    for (new, expected) in cases {
        let error = refusal(t.create_job(new, None).await, "invalid_request");
        assert_eq!(pointers(&error), expected);
    }
    let error = refusal(
        t.create_job(
            NewJob {
                labels: odd.into(),
                ..any_job()
            },
            None,
        )
        .await,
        "invalid_request",
    );
    assert_eq!(pointers(&error).len(), 3, "every odd label is named");
    let twice = NewJob {
        items: vec![item("a"), item("b"), item("a")],
        ..any_job()
    };
    refusal(t.create_job(twice, None).await, "item_conflict");
    nothing_was_written(&t).await;
}

#[on_both]
async fn a_patch_is_held_to_the_same_bounds(t: TestApp) {
    let id = t.started().await.id;
    let label = |key: &str, value: Option<&str>| {
        Some(Some([(key.to_owned(), value.map(str::to_owned))].into()))
    };
    let none = JobPatch::default;
    let cases: [(JobPatch, &str); 11] = [
        (
            JobPatch {
                progress: Some(-1.0),
                ..none()
            },
            "/progress out_of_range",
        ),
        (
            JobPatch {
                progress: Some(101.0),
                ..none()
            },
            "/progress out_of_range",
        ),
        (
            JobPatch {
                progress: Some(f64::NAN),
                ..none()
            },
            "/progress out_of_range",
        ),
        (
            JobPatch {
                total_shots: Some(-1),
                ..none()
            },
            "/total_shots out_of_range",
        ),
        (
            JobPatch {
                total_shots: Some(1),
                completed_shots: Some(2),
                ..none()
            },
            "/completed_shots exceeds_total",
        ),
        (
            JobPatch {
                content: Some(Some("\0".into())),
                ..none()
            },
            "/content nul_character",
        ),
        (
            JobPatch {
                style: Some(Some("x".repeat(256))),
                ..none()
            },
            "/style too_long",
        ),
        (
            JobPatch {
                result: Some(Some(object(json!({"a": "\0"})))),
                ..none()
            },
            "/result/a nul_character",
        ),
        (
            JobPatch {
                labels: label("a/~b", None),
                ..none()
            },
            "/labels/a~1~0b invalid_label",
        ),
        (
            JobPatch {
                labels: label("team", Some("\0")),
                ..none()
            },
            "/labels/team nul_character",
        ),
        (
            JobPatch {
                max_attempts: Some(0),
                ..none()
            },
            "/max_attempts out_of_range",
        ),
    ];
    for (patch, expected) in cases {
        let error = t
            .refused(&id, "invalid_request", t.update_job(&id, patch, None))
            .await;
        assert_eq!(pointers(&error), [expected]);
    }
    let counted = JobPatch {
        completed_shots: Some(1),
        ..none()
    };
    t.refused(&id, "shots_exceed_total", t.update_job(&id, counted, None))
        .await;
    let (series, episode) = (Some(Some("nowhere".into())), Some(Some("nowhere".into())));
    t.refused(
        &id,
        "series_not_found",
        t.update_job(
            &id,
            JobPatch {
                series_id: series,
                ..none()
            },
            None,
        ),
    )
    .await;
    t.refused(
        &id,
        "episode_not_found",
        t.update_job(
            &id,
            JobPatch {
                episode_id: episode,
                ..none()
            },
            None,
        ),
    )
    .await;
}

#[on_both]
async fn an_id_that_no_row_can_have_is_simply_not_found(t: TestApp) {
    let long = "x".repeat(300);
    for id in ["", "a\0b", "no/where", "🎬", "' OR 1=1 --", &long] {
        let any: IfVersion = None;
        refusal(t.get_job(id).await, "job_not_found");
        refusal(t.start_job(id, None, any.clone()).await, "job_not_found");
        refusal(
            t.update_job(id, JobPatch::default(), any.clone()).await,
            "job_not_found",
        );
        refusal(t.delete_job(id, any).await, "job_not_found");
        refusal(t.list_items(id, None, 1).await, "job_not_found");
        refusal(t.list_events(id, None, 1).await, "job_not_found");
        refusal(t.list_shots(id, None).await, "job_not_found");
        refusal(t.get_series(id).await, "series_not_found");
        refusal(t.delete_series(id).await, "series_not_found");
        refusal(t.get_episode(id).await, "episode_not_found");
        refusal(t.delete_episode(id).await, "episode_not_found");
        let episodes: Result<_> = t.list_episodes(Some(id.into()), None, 1).await;
        if id.contains('\0') {
            assert_eq!(
                parameters(&refusal(episodes, "invalid_request")),
                ["series_id nul_character"]
            );
        } else {
            assert_eq!(episodes.unwrap(), (vec![], None), "{id:?}");
        }
    }
}

#[on_both]
async fn series_and_episodes_are_held_to_bounds(t: TestApp) {
    for (title, code) in [
        ("", "too_short"),
        (" \n", "too_short"),
        ("a\0", "nul_character"),
        (&"x".repeat(256), "too_long"),
    ] {
        let error = refusal(
            t.create_series(
                NewSeries {
                    title: title.into(),
                },
                None,
            )
            .await,
            "invalid_request",
        );
        assert_eq!(pointers(&error), [format!("/title {code}")]);
    }
    let new = NewEpisode {
        series_id: Some("nowhere\0".into()),
        title: Some("x".repeat(256)),
        number: Some(-1),
    };
    let error = refusal(t.create_episode(new, None).await, "invalid_request");
    assert_eq!(
        pointers(&error),
        [
            "/title too_long",
            "/series_id nul_character",
            "/number out_of_range"
        ]
    );
    let new = NewEpisode {
        series_id: Some("nowhere".into()),
        title: None,
        number: None,
    };
    refusal(t.create_episode(new, None).await, "series_not_found");
}

#[on_both]
async fn the_first_and_the_last_time_that_are_taken_are_kept_as_they_are(t: TestApp) {
    for time in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"] {
        let run_at = Some(DateTime::parse_from_rfc3339(time).unwrap().to_utc());
        let id = t
            .create(NewJob {
                run_at,
                ..any_job()
            })
            .await
            .id;
        assert_eq!(t.whole(&id).await.job.unwrap().run_at, run_at);
        let id = t
            .create_jobs(
                vec![NewJob {
                    run_at,
                    ..any_job()
                }],
                None,
            )
            .await
            .unwrap()
            .remove(0)
            .unwrap()
            .id;
        assert_eq!(t.whole(&id).await.job.unwrap().run_at, run_at);
        let id = t.queued().await.id;
        t.update_job(
            &id,
            JobPatch {
                run_at: Some(run_at),
                ..Default::default()
            },
            None,
        )
        .await
        .unwrap();
        assert_eq!(t.whole(&id).await.job.unwrap().run_at, run_at);
    }
}
