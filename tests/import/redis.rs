//! Redis: what else its keys hold, and that nothing but reading is ever asked of it.

use super::{
    dump::{Dump, counts, import_all, job, rejected, sample},
    truth::read,
};
use crate::support::{TestApp, TestRedis};
use callsheet::import::{ImportError, Options, Outcome, run};
use chrono_tz::America::New_York;
use serde_json::json;

fn options(redis: &TestRedis) -> Options {
    Options {
        source_tz: New_York,
        ..Options::new(vec![(&redis.url).into()])
    }
}

#[on_both]
async fn a_user_who_may_only_read_is_enough(bench: TestApp) {
    let mut redis = TestRedis::empty().await;
    redis.load(&read(&sample("topclip/redis_dump.json"))).await;
    let reader = format!("reader-{}", fastrand::u64(..));
    let allowed = [
        "on", ">letmein", "~*", "+@read", "-keys", "+scan", "+ping", "+select",
    ];
    redis
        .run(&[&["ACL", "SETUSER", reader.as_str()], allowed.as_slice()].concat())
        .await;
    let url = redis.url_as(&reader, "letmein");
    let (report, _) = import_all(
        &bench,
        &Options {
            source_tz: New_York,
            ..Options::new(vec![url.into()])
        },
    )
    .await;
    redis.run(&["ACL", "DELUSER", &reader]).await;
    assert_eq!(counts(&report), (10, 9, 0, 1));
    assert!(!format!("{report:?}").contains("letmein"));
}

#[on_both]
async fn comic_comes_from_redis(bench: TestApp) {
    let mut redis = TestRedis::empty().await;
    let job = json!({
        "job_id": "c", "status": "processing", "total_items": 4, "processed_items": 2, "error": null,
        "created_at": 1761670991.0, "started_at": 1761670992.5, "completed_at": null,
        "results": [{"item": "x.cbz", "success": true, "details": {"final": "/x"}}, {"item": "y.cbz", "success": false, "error": "boom"}],
    });
    redis
        .run(&[
            "SET",
            "comicmaintainer:job:c",
            &job.to_string(),
            "EX",
            "86400",
        ])
        .await;
    let before = redis.contents().await;
    let (report, _) = import_all(&bench, &options(&redis)).await;
    assert_eq!(
        (counts(&report), redis.contents().await),
        ((1, 1, 0, 0), before)
    );
    let job = bench.get_job("c").await.unwrap();
    assert_eq!(
        (
            job.source.as_deref(),
            job.total_shots,
            job.completed_shots,
            job.progress
        ),
        (Some("comic"), 4, 1, 25.0)
    );
}

#[on_both]
async fn a_failure_to_start_is_merged_or_stands_alone(bench: TestApp) {
    let mut redis = TestRedis::empty().await;
    let times = [
        "created_at",
        "2025-08-20T01:00:00",
        "updated_at",
        "2025-08-20T01:00:00",
    ];
    let told = [
        "status",
        "error",
        "progress",
        "0",
        "message",
        "no worker",
        "updated_at",
        "2025-08-20T02:00:00",
    ];
    for id in ["queued", "done"] {
        let status = if id == "done" { "completed" } else { id };
        let key = format!("job:{id}");
        redis
            .run(
                &[
                    &[
                        "HSET",
                        &key,
                        "job_id",
                        id,
                        "status",
                        status,
                        "clips_count",
                        "0",
                    ],
                    times.as_slice(),
                ]
                .concat(),
            )
            .await;
    }
    for id in ["queued", "done", "alone"] {
        redis
            .run(&[&["HSET", &format!("job_progress:{id}")], told.as_slice()].concat())
            .await;
    }
    let (report, _) = import_all(&bench, &options(&redis)).await;
    assert_eq!(counts(&report), (3, 3, 0, 0));
    for (id, status, error) in [
        ("queued", "failed", Some("no worker")),
        ("done", "completed", None),
        ("alone", "failed", Some("no worker")),
    ] {
        let job = bench.get_job(id).await.unwrap();
        assert_eq!(
            (
                job.status.to_string().as_str(),
                job.error_message.as_deref()
            ),
            (status, error),
            "{id}"
        );
    }
}

#[on_both]
async fn keys_of_another_type_or_without_json_are_told_of(bench: TestApp) {
    let mut redis = TestRedis::empty().await;
    redis.run(&["RPUSH", "job:list", "1"]).await;
    redis
        .run(&["SET", "job:cut", "{\"status\": \"queued\", \"clips\": ["])
        .await;
    redis.run(&["SET", "job:number", "7"]).await;
    redis
        .run(&["HSET", "job:partial", "status", "queued"])
        .await;
    let hash = [
        "HSET",
        "job:good",
        "status",
        "completed",
        "created_at",
        "2025-08-20T01:00:00",
        "clips_count",
        "1",
    ];
    redis.run(&hash).await;
    redis.run(&["SET", "clips:good", "{\"clips\": "]).await;
    redis.run(&["SET", "jobs:list", "none of ours"]).await;
    let (report, _) = import_all(&bench, &options(&redis)).await;
    let mut told = rejected(&report);
    told.sort();
    let wanted = [
        ("clips:good", "malformed_json"),
        ("job:cut", "malformed_json"),
        ("job:list", "wrong_type"),
        ("job:number", "not_an_object"),
        ("job:partial", "bad_time"),
    ];
    assert_eq!(told, wanted.map(|(key, reason)| (key.to_owned(), reason)));
    assert_eq!(counts(&report), (6, 1, 0, 5));
}

#[on_both]
async fn clips_of_an_older_version_come_along(bench: TestApp) {
    let mut redis = TestRedis::empty().await;
    let times = [
        "created_at",
        "2025-08-20T01:00:00",
        "updated_at",
        "2025-08-20T01:00:00",
    ];
    for id in ["old", "both", "list"] {
        let key = format!("job:{id}");
        redis
            .run(
                &[
                    &["HSET", &key, "status", "completed", "clips_count", "1"],
                    times.as_slice(),
                ]
                .concat(),
            )
            .await;
    }
    let text = json!({"job_id": "text", "status": "completed", "progress": 100, "clips": [], "message": "@",
        "created_at": "2025-08-20T01:00:00", "updated_at": "2025-08-20T01:00:00"});
    redis
        .run(&["SET", "job:text", &text.to_string().replace('@', "\\ud83d")])
        .await;
    for id in ["old", "both", "text", "gone"] {
        redis
            .run(&[
                "HSET",
                &format!("job_clips:{id}"),
                "clips",
                r#"[{"filename": "old.mp4"}]"#,
            ])
            .await;
    }
    redis
        .run(&[
            "SET",
            "clips:both",
            r#"{"clips": [{"filename": "new.mp4"}, {"filename": "newer.mp4"}]}"#,
        ])
        .await;
    redis.run(&["RPUSH", "clips:list", "1"]).await;
    let before = redis.contents().await;
    let (report, _) = import_all(&bench, &options(&redis)).await;
    assert_eq!(
        (counts(&report), redis.contents().await),
        ((6, 4, 0, 2), before)
    );
    let mut told = rejected(&report);
    told.sort();
    assert_eq!(
        told,
        [
            ("clips:list".to_owned(), "malformed_json"),
            ("job_clips:gone".to_owned(), "orphan")
        ]
    );
    for (id, wanted) in [
        ("old", vec!["old.mp4"]),
        ("both", vec!["new.mp4", "newer.mp4"]),
        ("text", vec!["old.mp4"]),
    ] {
        let items: Vec<_> = bench
            .whole(id)
            .await
            .items
            .into_iter()
            .map(|item| item.key)
            .collect();
        assert_eq!(items, wanted);
    }
    let both = bench.get_job("both").await.unwrap().context.unwrap();
    assert_eq!(
        both["legacy"]["job_clips"],
        json!([{"filename": "old.mp4"}])
    );
    let text = bench.get_job("text").await.unwrap().context.unwrap();
    assert_eq!(
        text["repairs"],
        json!([{"field": "", "rule": "half_a_surrogate_pair_replaced"}])
    );
}

#[on_both]
async fn a_key_that_is_no_text_is_told_of(bench: TestApp) {
    let mut redis = TestRedis::empty().await;
    let key = [b"job:".as_slice(), &[0xff, 0xfe]].concat();
    redis::cmd("SET")
        .arg(key)
        .arg("{}")
        .query_async::<()>(&mut redis.conn)
        .await
        .unwrap();
    redis::cmd("SET")
        .arg([0xff].as_slice())
        .arg("none of ours")
        .query_async::<()>(&mut redis.conn)
        .await
        .unwrap();
    let (report, _) = import_all(&bench, &options(&redis)).await;
    assert_eq!(counts(&report), (1, 0, 0, 1));
    assert_eq!(
        rejected(&report),
        [("job:\u{fffd}\u{fffd}".to_owned(), "bad_id")]
    );
}

#[on_both]
async fn thousands_of_keys_come_in_pages(bench: TestApp) {
    let mut redis = TestRedis::empty().await;
    let mut pipe = redis::Pipeline::new();
    for n in 0..3000 {
        let job = json!({"job_id": format!("j-{n}"), "status": "completed", "progress": 100.0, "clips": [],
            "created_at": "2025-08-20T01:00:00", "updated_at": "2025-08-20T01:00:00"});
        pipe.cmd("SET")
            .arg(format!("job:j-{n}"))
            .arg(job.to_string());
        pipe.cmd("SET")
            .arg(format!("clips:j-{n}"))
            .arg(json!({"clips": [{"filename": "a.mp4"}]}).to_string());
    }
    pipe.query_async::<redis::Value>(&mut redis.conn)
        .await
        .unwrap();
    let (report, _) = import_all(&bench, &options(&redis)).await;
    assert_eq!(counts(&report), (3000, 3000, 0, 0));
    assert_eq!(bench.whole("j-2999").await.items.len(), 1);
}

#[on_both]
async fn a_server_that_is_gone_or_refuses_is_named(bench: TestApp) {
    let redis = TestRedis::empty().await;
    let good = Dump::json(&json!([job("a", json!({}))]));
    let gone = "redis://:hunter2@127.0.0.1:1/0";
    let wrong = redis.url_as("default", "hunter2");
    let files = vec![
        gone.into(),
        wrong.as_str().into(),
        "rediss://127.0.0.1:1".into(),
        (&redis.url).into(),
        good.path.clone(),
    ];
    let (report, _) = import_all(&bench, &Options::new(files)).await;
    assert_eq!(counts(&report), (4, 1, 0, 3));
    assert!(
        rejected(&report)
            .iter()
            .all(|told| *told == (String::new(), "unreachable"))
    );
    assert!(
        report.rejects[1].kind.to_string().contains("password"),
        "{}",
        report.rejects[1].kind
    );
    assert!(!format!("{report:?}").contains("hunter2"));
    let told = &mut |_: &Outcome| panic!("there is nothing to tell of");
    let error = run(&bench, &Options::new(vec![wrong.into()]), told)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ImportError::NoneReadable(_)) && !error.to_string().contains("hunter2"),
        "{error}"
    );
}

#[on_both]
async fn what_is_put_right_in_a_hash_or_in_clips_is_told(bench: TestApp) {
    let mut redis = TestRedis::empty().await;
    let hash = "return redis.call('HSET', KEYS[1], 'status', 'completed', 'message', 'caf\\233', 'clips_count', '1', \
                'created_at', '2025-08-20T01:00:00', 'updated_at', '2025-08-20T01:00:00')";
    redis.run(&["EVAL", hash, "1", "job:a"]).await;
    redis
        .run(&[
            "SET",
            "clips:a",
            r#"{"clips": [{"filename": "a.mp4", "score": NaN, "score": NaN}]}"#,
        ])
        .await;
    let (report, told) = import_all(&bench, &options(&redis)).await;
    assert_eq!(counts(&report), (1, 1, 0, 0));
    let repairs: Vec<_> = told[0]
        .repairs
        .iter()
        .map(|repair| (repair.field.as_str(), repair.rule))
        .collect();
    let wanted = [
        ("message", "invalid_utf8_replaced"),
        ("clips", "not_a_number_became_null"),
        ("clips", "last_value_of_a_repeated_name_counts"),
    ];
    assert_eq!(repairs, wanted);
    assert_eq!(
        bench.get_job("a").await.unwrap().context.unwrap()["legacy"]["message"],
        "caf\u{fffd}"
    );
}
