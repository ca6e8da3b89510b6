//! The filters of list_jobs, each and together.

use crate::support::{TestApp, any_job, parameters, refusal};
use callsheet::jobs::{Filter, NewEpisode, NewJob, Order, PageAfter, Total, View};
use chrono::{TimeDelta, TimeZone, Utc};
use entity::JobStatus;
use serde_json::json;

pub async fn found(t: &TestApp, filter: Filter) -> Vec<String> {
    let page = t
        .list_jobs(
            &filter,
            Order::OldestFirst,
            PageAfter::Offset(0),
            200,
            View::Full,
        )
        .await
        .unwrap();
    assert_eq!(
        page.total,
        Total {
            jobs: page.jobs.len() as u64,
            exact: true
        },
        "{filter:?}"
    );
    assert_eq!(
        t.count_jobs(&filter).await.unwrap().total(),
        page.total.jobs,
        "{filter:?}"
    );
    page.jobs.into_iter().map(|job| job.id).collect()
}

/// Each job a second after the one before.
pub async fn create(t: &TestApp, id: &str, new: NewJob) {
    t.clock.advance(TimeDelta::seconds(1));
    t.create(NewJob {
        job_id: Some(id.into()),
        ..new
    })
    .await;
}

pub fn some(text: &str) -> Option<String> {
    Some(text.into())
}

#[on_both]
async fn a_column_is_matched_exactly(t: TestApp) {
    let series = t.series("S").await;
    let episode = NewEpisode {
        series_id: None,
        title: None,
        number: None,
    };
    let episode = t.create_episode(episode, None).await.unwrap().id;
    create(&t, "plain", any_job()).await;
    create(
        &t,
        "typed",
        NewJob {
            job_type: "script2video".into(),
            ..any_job()
        },
    )
    .await;
    create(
        &t,
        "moded",
        NewJob {
            mode: some("idea"),
            ..any_job()
        },
    )
    .await;
    create(
        &t,
        "serial",
        NewJob {
            series_id: some(&series),
            ..any_job()
        },
    )
    .await;
    create(
        &t,
        "episodic",
        NewJob {
            series_id: some(&series),
            episode_id: some(&episode),
            ..any_job()
        },
    )
    .await;
    t.start("moded").await;
    let none = Filter::default;
    assert_eq!(
        found(&t, none()).await,
        ["plain", "typed", "moded", "serial", "episodic"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                status: Some(JobStatus::Processing),
                ..none()
            }
        )
        .await,
        ["moded"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                status: Some(JobStatus::Failed),
                ..none()
            }
        )
        .await,
        [""; 0]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                job_type: some("script2video"),
                ..none()
            }
        )
        .await,
        ["typed"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                job_type: some("script"),
                ..none()
            }
        )
        .await,
        [""; 0]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                mode: some("idea"),
                ..none()
            }
        )
        .await,
        ["moded"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                mode: some("IDEA"),
                ..none()
            }
        )
        .await,
        [""; 0]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                series_id: some(&series),
                ..none()
            }
        )
        .await,
        ["serial", "episodic"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                episode_id: some(&episode),
                ..none()
            }
        )
        .await,
        ["episodic"]
    );
    let both = Filter {
        series_id: some(&series),
        episode_id: some(&episode),
        ..none()
    };
    assert_eq!(
        found(
            &t,
            Filter {
                status: Some(JobStatus::Queued),
                ..both.clone()
            }
        )
        .await,
        ["episodic"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                status: Some(JobStatus::Failed),
                ..both
            }
        )
        .await,
        [""; 0]
    );
}

#[on_both]
async fn a_time_is_from_the_first_moment_to_before_the_last(t: TestApp) {
    let start = t.now();
    for (id, micros) in [
        ("a", 0),
        ("b", 1),
        ("c", 1_000),
        ("d", 500_000),
        ("e", 1_000_000),
        ("f", 1_000_001),
    ] {
        t.clock.set(start + TimeDelta::microseconds(micros));
        t.named(id).await;
    }
    let between = |after: i64, before: i64| Filter {
        created_after: Some(start + TimeDelta::microseconds(after)),
        created_before: Some(start + TimeDelta::microseconds(before)),
        ..Default::default()
    };
    assert_eq!(
        found(&t, between(0, 1_000_002)).await,
        ["a", "b", "c", "d", "e", "f"]
    );
    assert_eq!(found(&t, between(1, 1_000_001)).await, ["b", "c", "d", "e"]);
    assert_eq!(found(&t, between(2, 500_000)).await, ["c"]);
    assert_eq!(found(&t, between(500_000, 500_000)).await, [""; 0]);
    let nanos = Filter {
        created_after: Some(start + TimeDelta::nanoseconds(1_000_500)),
        ..Default::default()
    };
    assert_eq!(
        found(&t, nanos).await,
        ["d", "e", "f"],
        "finer than microseconds, and still after c"
    );
}

#[on_both]
async fn times_that_no_row_can_have_are_refused(t: TestApp) {
    for year in [-1, 10_000, 200_000] {
        let time = Utc.with_ymd_and_hms(year, 6, 1, 0, 0, 0).single();
        assert!(time.is_some());
        let after = Filter {
            created_after: time,
            ..Default::default()
        };
        assert_eq!(
            parameters(&refusal(t.count_jobs(&after).await, "invalid_request")),
            ["created_after out_of_range"]
        );
        let before = Filter {
            created_before: time,
            ..Default::default()
        };
        assert_eq!(
            parameters(&refusal(t.count_jobs(&before).await, "invalid_request")),
            ["created_before out_of_range"]
        );
    }
    t.queued().await;
    let year = |year| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single();
    let ever = Filter {
        created_after: year(0),
        created_before: year(9999),
        ..Default::default()
    };
    assert_eq!(t.count_jobs(&ever).await.unwrap().total(), 1);
}

#[on_both]
async fn a_job_must_have_each_of_the_labels(t: TestApp) {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect::<Vec<_>>()
    };
    let labels = |labels: &[(&str, &str)]| pairs(labels).into_iter().collect();
    create(&t, "none", any_job()).await;
    create(
        &t,
        "a",
        NewJob {
            labels: labels(&[("team", "a")]),
            ..any_job()
        },
    )
    .await;
    create(
        &t,
        "a-eu",
        NewJob {
            labels: labels(&[("team", "a"), ("zone/x.y-z_1", "eu \"'\\ 🎬")]),
            ..any_job()
        },
    )
    .await;
    create(
        &t,
        "empty",
        NewJob {
            labels: labels(&[("team", "")]),
            ..any_job()
        },
    )
    .await;
    create(
        &t,
        "number",
        NewJob {
            labels: labels(&[("team", "1")]),
            ..any_job()
        },
    )
    .await;
    let with = |wanted: &[(&str, &str)]| Filter {
        labels: pairs(wanted),
        ..Default::default()
    };
    assert_eq!(found(&t, with(&[("team", "a")])).await, ["a", "a-eu"]);
    assert_eq!(
        found(&t, with(&[("team", "a"), ("zone/x.y-z_1", "eu \"'\\ 🎬")])).await,
        ["a-eu"]
    );
    assert_eq!(
        found(&t, with(&[("team", "a"), ("team", "b")])).await,
        [""; 0]
    );
    assert_eq!(found(&t, with(&[("team", "A")])).await, [""; 0]);
    assert_eq!(found(&t, with(&[("team", "")])).await, ["empty"]);
    assert_eq!(found(&t, with(&[("team", "1")])).await, ["number"]);
    assert_eq!(found(&t, with(&[("zone", "x")])).await, [""; 0]);
    assert_eq!(
        found(&t, with(&[("zone/x", "y-z_1")])).await,
        [""; 0],
        "a dot and a slash are no path"
    );
    let combined = Filter {
        q: some("nothing"),
        ..with(&[("team", "a")])
    };
    assert_eq!(found(&t, combined).await, [""; 0]);
}

#[on_both]
async fn text_stands_in_title_or_content_and_has_no_wildcards(t: TestApp) {
    let titled = |text: &str| NewJob {
        project_title: some(text),
        ..any_job()
    };
    let told = |text: &str| NewJob {
        content: some(text),
        ..any_job()
    };
    create(&t, "percent", titled("100 % cat")).await;
    create(&t, "underscore", told("a_b and a\\b")).await;
    create(&t, "plain", told("aXb 100 cats 'quoted' \"twice\"")).await;
    create(&t, "unicode", titled("Straße 🎬")).await;
    create(
        &t,
        "style",
        NewJob {
            style: some("cat"),
            request_data: None,
            ..any_job()
        },
    )
    .await;
    let text = |words: &str| Filter {
        q: some(words),
        ..Default::default()
    };
    assert_eq!(found(&t, text("cat")).await, ["percent", "plain"]);
    assert_eq!(
        found(&t, text("CAT")).await,
        ["percent", "plain"],
        "whatever the case"
    );
    assert_eq!(found(&t, text("%")).await, ["percent"]);
    assert_eq!(found(&t, text("100%")).await, [""; 0]);
    assert_eq!(found(&t, text("a_b")).await, ["underscore"]);
    assert_eq!(found(&t, text("a\\b")).await, ["underscore"]);
    assert_eq!(found(&t, text("\\")).await, ["underscore"]);
    assert_eq!(found(&t, text("'quoted' \"")).await, ["plain"]);
    assert_eq!(found(&t, text("ße 🎬")).await, ["unicode"]);
    assert_eq!(found(&t, text("?")).await, [""; 0]);
}

#[on_both]
async fn a_filter_with_a_nul_or_an_odd_label_is_refused_by_its_parameter(t: TestApp) {
    let nul = || some("a\0");
    let none = Filter::default;
    let cases = [
        (
            Filter {
                job_type: nul(),
                ..none()
            },
            "job_type nul_character",
        ),
        (
            Filter {
                mode: nul(),
                ..none()
            },
            "mode nul_character",
        ),
        (
            Filter {
                series_id: nul(),
                ..none()
            },
            "series_id nul_character",
        ),
        (
            Filter {
                episode_id: nul(),
                ..none()
            },
            "episode_id nul_character",
        ),
        (Filter { q: nul(), ..none() }, "q nul_character"),
        (
            Filter {
                labels: vec![("a\"b".into(), "x".into())],
                ..none()
            },
            "label invalid_label",
        ),
        (
            Filter {
                labels: vec![("a".into(), "\0".into())],
                ..none()
            },
            "label invalid_label",
        ),
    ];
    for (filter, expected) in cases {
        let refused = t
            .list_jobs(
                &filter,
                Order::NewestFirst,
                PageAfter::Offset(0),
                1,
                View::Full,
            )
            .await;
        assert_eq!(parameters(&refusal(refused, "invalid_request")), [expected]);
        assert_eq!(
            parameters(&refusal(t.count_jobs(&filter).await, "invalid_request")),
            [expected]
        );
    }
}

#[on_both]
async fn a_summary_leaves_the_large_columns_out_and_nothing_else(t: TestApp) {
    let object = |value| Some(super::mark_completed::object(value));
    let new = NewJob {
        content: some("long"),
        request_data: object(json!({"a": 1})),
        context: object(json!({"b": 1})),
        labels: [("team".to_owned(), "a".to_owned())].into(),
        ..any_job()
    };
    let id = t.create(new).await.id;
    t.start(&id).await;
    let full = t
        .mark_completed(&id, object(json!({"c": 1})), None)
        .await
        .unwrap();
    let list = async |view| {
        t.list_jobs(
            &Filter::default(),
            Order::NewestFirst,
            PageAfter::Offset(0),
            1,
            view,
        )
        .await
        .unwrap()
        .jobs
        .remove(0)
    };
    assert_eq!(list(View::Full).await, full);
    let expected = entity::job::Model {
        content: None,
        request_data: None,
        context: None,
        result_data: None,
        ..full
    };
    assert_eq!(list(View::Summary).await, expected);
}
