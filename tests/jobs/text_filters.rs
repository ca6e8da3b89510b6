//! Filters of list_jobs by labels and by text, and those that are refused.

use super::filters::{create, found, some};
use crate::support::{TestApp, any_job, parameters, refusal};
use callsheet::jobs::{Filter, NewJob, Order, PageAfter, View};

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
