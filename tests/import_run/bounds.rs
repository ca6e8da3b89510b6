//! What comes in is held to the rules of the API, whatever it is read from: no record breaks lists
//! or claims of its type.

use crate::{
    import::dump::{Dump, counts, export_text, import, import_all, job},
    support::{Fixture, TestApp, any_job, claim},
};
use callsheet::{
    import::{OnConflict, Options, RecordOutcome},
    jobs::{Filter, NewItem, NewJob, Order, PageAfter, StatsDetail, View},
    lifecycle::BucketSize,
};
use serde_json::{Value, json};

/// A job with an item, an event, a series, an episode and a client, as it is exported.
async fn exported(bench: &TestApp) -> Value {
    let items = vec![NewItem {
        key: "a".into(),
        input: None,
    }];
    bench
        .create(NewJob {
            job_id: Some("a".into()),
            items,
            ..any_job()
        })
        .await;
    bench.set_active_job("client", "a", None).await.unwrap();
    let mut line: Value = serde_json::from_str(&export_text(bench).await).unwrap();
    line["job_id"] = json!("b");
    line["series_id"] = json!("s");
    line["series"] = json!({"series_id": "s", "title": "S", "created_at": "2026-01-01T00:00:00Z"});
    line["episode_id"] = json!("e");
    line["episode"] =
        json!({"episode_id": "e", "title": "E", "number": 1, "created_at": "2026-01-01T00:00:00Z"});
    line
}

fn set(line: &Value, pointer: &str, value: &Value) -> Value {
    let mut line = line.clone();
    *line
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("{pointer} is there")) = value.clone();
    if pointer == "/version" {
        line["events"][0]["seq"] = value.clone();
    }
    line
}

async fn works(bench: &TestApp) {
    for view in [View::Full, View::Summary, View::Preview] {
        bench
            .list_jobs(
                &Filter::default(),
                Order::NewestFirst,
                PageAfter::Start,
                200,
                view,
            )
            .await
            .unwrap();
    }
    bench
        .get_stats(
            BucketSize::Hour,
            None,
            StatsDetail {
                next: Some(10),
                failures: Some(10),
            },
        )
        .await
        .unwrap();
    export_text(bench).await;
}

#[on_both]
async fn an_export_line_beyond_the_bounds_is_rejected_with_a_sentence(bench: TestApp) {
    let line = exported(&bench).await;
    let years = [
        "+12000-01-01T00:00:00Z",
        "-0005-01-01T00:00:00Z",
        "0000-12-31T23:59:59Z",
        "+10000-01-01T00:00:00Z",
    ];
    let mut bad: Vec<(&str, Value)> = Vec::new();
    for pointer in [
        "/created_at",
        "/updated_at",
        "/run_at",
        "/started_at",
        "/cancel_requested_at",
        "/status_since",
        "/items/0/created_at",
        "/items/0/updated_at",
        "/items/0/started_at",
        "/items/0/completed_at",
        "/events/0/created_at",
        "/series/created_at",
        "/episode/created_at",
        "/active_jobs/0/created_at",
    ] {
        bad.extend(years.iter().map(|year| (pointer, json!(year))));
        bad.push((pointer, json!(1_767_016_440_250_000_i64)));
    }
    for pointer in ["/attempt", "/items/0/attempt"] {
        bad.extend([1_000_001_i64, 2_147_483_647, 2_147_483_648, -1].map(|n| (pointer, json!(n))));
    }
    bad.extend([9_007_199_254_740_993_i64, i64::MAX, 0, -1].map(|n| ("/version", json!(n))));
    bad.push(("/version", json!(u64::MAX)));
    bad.extend([101, -101, 70_000].map(|n| ("/priority", json!(n))));
    bad.extend([0, 101, i32::MAX].map(|n| ("/max_attempts", json!(n))));
    bad.extend([-1_i64, 2_147_483_648].map(|n| ("/total_shots", json!(n))));
    bad.extend([-1, 7].map(|n| ("/completed_shots", json!(n))));
    bad.extend(
        [
            json!(-0.1),
            json!(100.5),
            json!(1e308),
            json!(null),
            json!("1"),
        ]
        .map(|v| ("/progress", v)),
    );
    bad.extend([1_000_000, -1, i32::MAX].map(|n| ("/items/0/idx", json!(n))));
    bad.extend([-1.0, 1e12, 1e308].map(|n| ("/events/0/seconds", json!(n))));
    bad.extend(["", "a\nb", "Übel", &"x".repeat(51)].map(|text| ("/events/0/kind", json!(text))));
    bad.extend([
        ("/events/0/progress", json!(1e9)),
        ("/events/0/total_shots", json!(-1)),
    ]);
    bad.extend(["", "A B", "a\u{0}", &"x".repeat(51)].map(|text| ("/job_type", json!(text))));
    bad.extend(["a\nb", "\u{1b}", &"x".repeat(65)].map(|text| ("/job_id", json!(text))));
    bad.push((
        "/labels",
        json!(
            (0..17)
                .map(|n| (format!("k{n}"), json!("v")))
                .collect::<serde_json::Map<_, _>>()
        ),
    ));
    bad.extend(
        [
            json!({"a b": "v"}),
            json!({"a": 1}),
            json!({"a": "x".repeat(256)}),
            json!({"": "v"}),
        ]
        .map(|v| ("/labels", v)),
    );
    for (pointer, most) in [
        ("/mode", 20),
        ("/style", 255),
        ("/project_title", 255),
        ("/current_stage", 255),
        ("/working_dir", 500),
        ("/worker_id", 200),
        ("/source", 50),
        ("/source_status", 255),
        ("/items/0/key", 255),
        ("/series/title", 255),
        ("/series/series_id", 36),
        ("/episode/episode_id", 36),
        ("/episode/title", 255),
        ("/active_jobs/0/client_id", 200),
        ("/active_jobs/0/title", 255),
    ] {
        bad.push((pointer, json!("x".repeat(most + 1))));
    }
    bad.extend(["/request_data", "/context", "/result"].map(|pointer| (pointer, json!([1]))));
    bad.push(("/episode/number", json!(-1)));
    bad.push(("/completed_at", json!("2026-01-01T00:00:00Z")));
    bad.push(("/lease_expires_at", json!("2026-01-01T00:00:00Z")));
    bad.push(("/status", json!("odd")));
    let lines: Vec<String> = bad
        .iter()
        .enumerate()
        .map(|(i, (pointer, value))| {
            let line = set(&line, pointer, value);
            if *pointer == "/job_id" {
                line
            } else {
                set(&line, "/job_id", &json!(format!("bad-{i}")))
            }
            .to_string()
        })
        .collect();
    let (report, told) = import_all(&bench, &Dump::of(lines.join("\n")).options()).await;
    for (outcome, (pointer, value)) in told.iter().zip(&bad) {
        let RecordOutcome::Rejected(reject) = &outcome.kind else {
            panic!("{pointer} {value} came in: {:?}", outcome.kind)
        };
        assert_ne!(
            reject.reason.as_str(),
            "database_refused",
            "{pointer} {value}"
        );
        assert!(reject.detail.ends_with('.'), "{}", reject.detail);
    }
    assert_eq!(counts(&report), (bad.len() as u64, 0, 0, bad.len() as u64));
    works(&bench).await;
    let claimed = bench.claimed("w").await;
    assert_eq!(claimed.job.id, "a");
}

#[on_both]
async fn a_line_at_the_bounds_comes_in_and_harms_nobody(bench: TestApp) {
    let line = exported(&bench).await;
    let at = [
        ("/attempt", json!(1_000_000)),
        ("/version", json!(9_007_199_254_740_992_i64)),
        ("/created_at", json!("9999-12-31T23:59:59.999999Z")),
        ("/created_at", json!("0001-01-01T00:00:00Z")),
        ("/items/0/idx", json!(999_999)),
        ("/total_shots", json!(i32::MAX)),
        ("/priority", json!(100)),
    ];
    let lines: Vec<_> = at
        .iter()
        .enumerate()
        .map(|(i, (p, v))| set(&set(&line, p, v), "/job_id", &json!(format!("at-{i}"))))
        .collect();
    let text = lines
        .iter()
        .map(Value::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    let dump = Dump::of(text);
    let report = import(&bench, &dump).await;
    assert_eq!(counts(&report), (7, 7, 0, 0), "{:?}", report.rejects);
    works(&bench).await;
    let mut met = Vec::new();
    loop {
        let claimed = bench
            .claim_jobs(callsheet::jobs::Claim {
                max_jobs: 10,
                ..claim("w")
            })
            .await
            .unwrap();
        if claimed.is_empty() {
            break;
        }
        met.extend(claimed.into_iter().map(|claimed| claimed.job.id));
    }
    met.sort_unstable();
    // One was started as often as is counted, and one takes no more steps. One seems to be made in
    // the year 9999; without a `run_at` it is due all the same.
    assert_eq!(met, ["a", "at-2", "at-3", "at-4", "at-5", "at-6"]);
    for on_conflict in OnConflict::ALL {
        import_all(
            &bench,
            &Options {
                on_conflict,
                ..dump.options()
            },
        )
        .await;
    }
    works(&bench).await;
    for id in ["at-0", "at-1"] {
        bench.delete_job(id, None).await.unwrap();
    }
}

#[on_both]
async fn times_are_cut_to_microseconds(bench: TestApp) {
    let line = exported(&bench).await;
    let line = set(
        &line,
        "/created_at",
        &json!("2026-01-01T00:00:00.123456789Z"),
    );
    let line = set(&line, "/updated_at", &json!("2026-06-30T23:59:60.5Z"));
    assert_eq!(
        counts(&import(&bench, &Dump::of(line.to_string())).await),
        (1, 1, 0, 0)
    );
    let job = bench.get_job("b").await.unwrap();
    assert_eq!(
        job.created_at.to_rfc3339(),
        "2026-01-01T00:00:00.123456+00:00"
    );
    assert_eq!(job.updated_at.timestamp_subsec_nanos(), 500_000_000);
}

#[on_both]
async fn a_context_of_any_form_keeps_what_has_no_home(bench: TestApp) {
    let line = exported(&bench).await;
    for (i, context) in [
        json!({"legacy": 5}),
        json!({"legacy": [1]}),
        json!({"legacy": {"a": 1}}),
        json!(null),
    ]
    .iter()
    .enumerate()
    {
        let mut line = set(&line, "/context", context);
        (line["series"], line["episode"], line["job_id"]) =
            (json!(null), json!(null), json!(format!("c-{i}")));
        (line["series_id"], line["episode_id"]) = (json!("gone"), json!("lost"));
        assert_eq!(
            counts(&import(&bench, &Dump::of(line.to_string())).await),
            (1, 1, 0, 0),
            "{context}"
        );
        let kept = bench
            .get_job(&format!("c-{i}"))
            .await
            .unwrap()
            .context
            .unwrap();
        assert_eq!(
            (&kept["legacy"]["series_id"], &kept["legacy"]["episode_id"]),
            (&json!("gone"), &json!("lost"))
        );
    }
}

#[on_both]
async fn records_of_older_stores_never_leave_the_bounds(bench: TestApp) {
    let odd = [
        json!({"created_at": "12000-01-01T00:00:00"}),
        json!({"created_at": "+12000-01-01T00:00:00Z"}),
        json!({"created_at": "-0005-01-01T00:00:00Z", "updated_at": -1e300}),
        json!({"created_at": 1_767_016_440_250_000_i64, "updated_at": 1e18}),
        json!({"created_at": i64::MAX, "updated_at": u64::MAX}),
        json!({"progress": 1e308, "total_shots": i64::MAX, "completed_shots": i64::MAX}),
        json!({"progress": -1e308, "total_shots": i64::MIN, "completed_shots": -1}),
        json!({"shots": [{"shot_idx": i64::MAX}, {"shot_idx": -5}, {"shot_idx": 1e300}]}),
        json!({"type": "idea2video", "priority": i64::MAX}),
        json!({"working_dir": "x".repeat(600), "current_stage": "x".repeat(300)}),
    ];
    let text: Vec<_> = odd
        .iter()
        .enumerate()
        .map(|(i, odd)| job(&format!("odd-{i}"), odd.clone()).to_string())
        .collect();
    let nan = r#"{"job_id": "nan", "type": "idea2video", "status": "queued", "created_at": "2025-06-01T12:00:00",
        "updated_at": "2025-06-01T12:00:00", "request": {}, "shots": [], "progress": NaN, "total_shots": Infinity}"#;
    let text = text.join("\n") + "\n" + &nan.replace('\n', " ");
    import(&bench, &Dump::of(text)).await;
    works(&bench).await;
    let exported = export_text(&bench).await;
    let fresh = TestApp::set_up(bench.db.backend).await;
    let again = import(&fresh, &Dump::of(&exported)).await;
    assert_eq!(again.total.rejected, 0, "{:?}", again.rejects);
    assert_eq!(export_text(&fresh).await, exported);
    let waiting = exported
        .lines()
        .filter(|line| line.contains("\"status\":\"queued\""))
        .count();
    // A claim ends before the job with which it would have too many shots.
    let all = callsheet::jobs::Claim {
        max_jobs: 100,
        ..claim("w")
    };
    let mut claimed = 0;
    while let some @ 1.. = fresh.claim_jobs(all.clone()).await.unwrap().len() {
        claimed += some;
    }
    assert_eq!(claimed, waiting);
    fresh.tear_down().await;
}
