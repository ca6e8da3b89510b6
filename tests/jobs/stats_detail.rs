//! get_stats: which jobs come next, and why jobs failed.

use crate::support::{TestApp, any_job, claim, for_good};
use callsheet::{
    jobs::{JobFiles, NewItem, NewJob, Order, PageAfter, Stats, StatsDetail, View},
    lifecycle::BucketSize,
};
use chrono::TimeDelta;
use serde_json::json;

async fn told(
    t: &TestApp,
    job_type: Option<&str>,
    next: Option<u64>,
    failures: Option<u64>,
) -> Stats {
    t.get_stats(BucketSize::Minute, job_type, StatsDetail { next, failures })
        .await
        .unwrap()
}

async fn next(t: &TestApp, job_type: Option<&str>, limit: u64) -> Vec<String> {
    told(t, job_type, Some(limit), None)
        .await
        .next
        .unwrap()
        .into_iter()
        .map(|job| job.id)
        .collect()
}

#[on_both]
async fn what_comes_next_is_what_claims_give_out(t: TestApp) {
    assert!(told(&t, None, None, None).await.next.is_none());
    assert_eq!(next(&t, None, 5).await, Vec::<String>::new());
    for (i, (job_type, priority, minutes)) in [
        ("a", 0, None),
        ("b", 7, None),
        ("a", 0, Some(-30)),
        ("b", 0, None),
        ("a", 9, Some(60)),
        ("c", 3, None),
    ]
    .into_iter()
    .enumerate()
    {
        t.clock.advance(TimeDelta::seconds(1));
        let run_at = minutes
            .map(|minutes| callsheet::clock::Clock::now(&*t.clock) + TimeDelta::minutes(minutes));
        let (job_type, job_id) = (job_type.to_owned(), Some(i.to_string()));
        t.create(NewJob {
            job_type,
            job_id,
            priority,
            run_at,
            ..any_job()
        })
        .await;
    }
    assert_eq!(next(&t, None, 50).await, ["1", "5", "2", "0", "3"]);
    assert_eq!(next(&t, None, 3).await, ["1", "5", "2"]);
    assert_eq!(next(&t, Some("a"), 50).await, ["2", "0"]);
    t.set_queue("b", Some(true), None).await.unwrap();
    let expected = next(&t, None, 50).await;
    assert_eq!(expected, ["5", "2", "0"]);
    for id in expected {
        let wanted = callsheet::jobs::Claim {
            job_types: ["a", "b", "c"].map(str::to_owned).into(),
            ..claim("w")
        };
        assert_eq!(t.claim_jobs(wanted).await.unwrap()[0].job.id, id);
    }
}

#[on_both]
async fn of_an_error_that_is_a_whole_log_the_beginning_is_told(t: TestApp) {
    let id = t.started().await.id;
    let log = format!("{}\nand on", "é".repeat(200_000));
    t.mark_failed(&id, for_good(&log), None).await.unwrap();
    let cause = told(&t, None, None, Some(1))
        .await
        .causes
        .unwrap()
        .remove(0);
    assert_eq!((cause.error, cause.jobs.len()), ("é".repeat(1000), 1));
    assert_eq!(t.get_job(&id).await.unwrap().error_message, Some(log));
}

#[on_both]
async fn failures_are_gathered_by_their_cause(t: TestApp) {
    let errors = [
        "Shot 3 failed\nat line 1",
        "out of memory",
        "Shot 12 failed",
        "\n Shot 7 failed ",
        "",
    ];
    for (i, error) in errors.into_iter().enumerate() {
        t.clock.advance(TimeDelta::seconds(1));
        let job_type = if i == 1 { "other" } else { "idea2video" }.to_owned();
        let new = NewJob {
            job_id: Some(i.to_string()),
            job_type,
            project_title: Some(format!("Film {i}")),
            ..any_job()
        };
        let id = t.create(new).await.id;
        t.start(&id).await;
        t.mark_failed(&id, for_good(error), None).await.unwrap();
    }
    let gathered = async |job_type, of_jobs| {
        let causes = told(&t, job_type, None, Some(of_jobs))
            .await
            .causes
            .unwrap()
            .into_iter();
        let ids = |jobs: Vec<callsheet::jobs::FailedJob>| {
            jobs.into_iter().map(|job| job.job_id).collect::<Vec<_>>()
        };
        causes
            .map(|cause| (cause.error, ids(cause.jobs).join(" ")))
            .collect::<Vec<_>>()
    };
    let pairs = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(a, b)| ((*a).into(), (*b).into()))
            .collect::<Vec<(String, String)>>()
    };
    assert_eq!(
        gathered(None, 200).await,
        pairs(&[
            ("Shot 7 failed", "3 2 0"),
            ("", "4"),
            ("out of memory", "1")
        ])
    );
    assert_eq!(
        gathered(None, 2).await,
        pairs(&[("", "4"), ("Shot 7 failed", "3")])
    );
    assert_eq!(
        gathered(Some("other"), 200).await,
        pairs(&[("out of memory", "1")])
    );
    for (next, failures) in [
        (Some(0), None),
        (Some(51), None),
        (None, Some(0)),
        (None, Some(201)),
    ] {
        t.refused(
            "0",
            "invalid_request",
            t.get_stats(BucketSize::Minute, None, StatsDetail { next, failures }),
        )
        .await;
    }
}

fn files(frame: &str, clip: Option<&str>) -> JobFiles {
    JobFiles {
        frame: Some(frame.to_owned()),
        poster: None,
        clip: clip.map(str::to_owned),
    }
}

#[on_both]
async fn a_preview_shows_pictures_and_the_clip_of_each_job(t: TestApp) {
    let item = |key: &str| NewItem {
        key: key.into(),
        input: None,
    };
    for id in ["drawn", "bare", "none"] {
        let items = if id == "none" {
            vec![]
        } else {
            ["a", "b", "c", "d"].map(item).into()
        };
        t.create(NewJob {
            job_id: Some(id.into()),
            items,
            ..any_job()
        })
        .await;
        t.start(id).await;
    }
    let report = |idx, status, result| callsheet::jobs::ItemReport {
        key: None,
        idx: Some(idx),
        status,
        result: Some(result),
        error: None,
    };
    let (done, failed) = (entity::ItemStatus::Completed, entity::ItemStatus::Failed);
    let reports = vec![
        report(
            0,
            done,
            json!({"first_frame_path": "/media/a.png", "last_frame_path": "/media/a2.png"}),
        ),
        report(2, done, json!({"first_frame_path": "/media/c.png"})),
        report(3, failed, json!({"seed": 7})),
    ];
    t.report_items("drawn", reports, None).await.unwrap();
    t.report_items(
        "bare",
        vec![
            report(0, done, json!({"seed": 1})),
            report(1, done, json!("text")),
        ],
        None,
    )
    .await
    .unwrap();
    let list = async |view| {
        t.list_jobs(
            &Default::default(),
            Order::NewestFirst,
            PageAfter::Offset(0),
            200,
            view,
        )
        .await
        .unwrap()
    };
    let page = list(View::Preview).await;
    assert_eq!(page.jobs, list(View::Summary).await.jobs);
    assert_eq!(
        page.previews,
        [("drawn".to_owned(), files("/media/c.png", None))].into()
    );
    assert!(list(View::Summary).await.previews.is_empty());
    // The picture and the film of the result, and until then the clip of the last shot with one.
    let clips = vec![
        report(1, done, json!({"video_path": "/media/b.mp4", "seconds": 3})),
        report(
            3,
            done,
            json!({"thumbnail_path": "/media/d.jpg", "description": "A fox"}),
        ),
    ];
    t.report_items("drawn", clips, None).await.unwrap();
    let clip = Some("/media/b.mp4");
    assert_eq!(
        list(View::Preview).await.previews["drawn"],
        files("/media/d.jpg", clip)
    );
    let shots = t.list_shots("drawn", None).await.unwrap().1;
    assert_eq!(shots[1].seconds, Some(3.0));
    assert_eq!(shots[3].poster_path.as_deref(), Some("/media/d.jpg"));
    assert_eq!(shots[3].description.as_deref(), Some("A fox"));
    let result = json!({"video_path": "/media/film.mp4", "thumbnail_path": "/media/film.jpg"});
    let result = result.as_object().cloned();
    t.mark_completed("drawn", result, None).await.unwrap();
    let done = &list(View::Preview).await.previews["drawn"];
    assert_eq!(done.poster.as_deref(), Some("/media/film.jpg"));
    assert_eq!(done.clip.as_deref(), Some("/media/film.mp4"));
}
