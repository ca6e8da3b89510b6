//! What is wrong with a dump is named, by file and key, and kept; the rest comes in.

use super::dump::{Dump, counts, export_jobs, import, import_all, job, rejected};
use crate::support::{Backend, TestApp};
use callsheet::import::{self, ImportError, Options};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

#[on_both]
async fn one_bad_record_does_not_stop_the_others(bench: TestApp) {
    let dump = Dump::json(&json!({
        "a-good": job("a-good", json!({})),
        "b-null": null,
        "c-text": "done",
        "d-list": [1],
        "e-empty": {},
        "f-status": job("f-status", json!({"status": "archived"})),
        "g-time": job("g-time", json!({"created_at": "soon", "updated_at": null})),
        "h-shots": job("h-shots", json!({"shots": "three"})),
        "i-type": job("i-type", json!({"type": "no type at all!"})),
        "j-id": job(&"x".repeat(65), json!({})),
        "z-good": job("z-good", json!({})),
    }));
    let report = import(&bench, &dump).await;
    assert_eq!(counts(&report), (11, 2, 0, 9));
    let wanted = [
        ("b-null", "not_an_object"),
        ("c-text", "not_an_object"),
        ("d-list", "not_an_object"),
        ("e-empty", "unknown_shape"),
        ("f-status", "unknown_status"),
        ("g-time", "bad_time"),
        ("h-shots", "wrong_type"),
        ("i-type", "bad_job_type"),
        ("j-id", "bad_id"),
    ];
    let wanted = wanted.map(|(key, reason)| (key.to_owned(), reason));
    assert_eq!(rejected(&report), wanted);

    let kept = bench
        .list_import_rejects(report.import_id.as_ref().unwrap(), None, 1000)
        .await
        .unwrap();
    let told: Vec<_> = kept
        .iter()
        .map(|r| (r.key.clone().unwrap(), r.reason.as_str()))
        .collect();
    assert_eq!(told, wanted);
    assert_eq!(kept[1].raw.as_deref(), Some(r#""done""#));
    assert!(
        kept.iter()
            .all(|r| r.file == dump.path.display().to_string() && r.detail.ends_with('.'))
    );
    let raw: Value = serde_json::from_str(kept[4].raw.as_deref().unwrap()).unwrap();
    assert_eq!(raw["status"], "archived");
}

#[on_both]
async fn a_truncated_file_gives_its_whole_records(bench: TestApp) {
    let whole = json!({"a": job("a", json!({})), "b": job("b", json!({}))}).to_string();
    let report = import(&bench, &Dump::of(&whole[..whole.len() - 40])).await;
    assert_eq!(counts(&report), (2, 1, 0, 1));
    assert_eq!(rejected(&report), [("b".to_owned(), "truncated_json")]);
    let kept = bench
        .list_import_rejects(&report.import_id.unwrap(), None, 1000)
        .await
        .unwrap();
    assert!(
        kept[0].detail.contains("line 1, column "),
        "{}",
        kept[0].detail
    );
    assert!(
        kept[0]
            .raw
            .as_ref()
            .unwrap()
            .starts_with(r#"{"created_at""#)
    );
}

#[on_both]
async fn each_bad_file_is_named_and_the_good_one_comes_in(bench: TestApp) {
    let bad = [
        Dump::of(""),
        Dump::of("SQLite format 3\0"),
        Dump::of("[{} {}]"),
        Dump::of([0xff, 0xfe, b'{', 0]),
    ];
    let good = Dump::json(&json!([job("a", json!({}))]));
    let folder = good.path.parent().unwrap();
    let mut files: Vec<_> = bad.iter().map(|dump| dump.path.clone()).collect();
    files.extend([folder.join("missing.json"), good.path.clone()]);
    let (report, _) = import_all(&bench, &Options::new(files)).await;
    let reasons: Vec<_> = rejected(&report)
        .into_iter()
        .map(|(_, reason)| reason)
        .collect();
    let wanted = [
        "empty_file",
        "bad_database",
        "unknown_shape",
        "malformed_json",
        "not_json",
        "unreadable_file",
    ];
    assert_eq!(reasons, wanted);
    assert_eq!(
        (report.files[5].counts.imported, report.total.imported),
        (1, 1)
    );
}

#[on_both]
async fn a_record_that_the_database_refuses_is_a_reject(bench: TestApp) {
    let refuse = match bench.db.backend {
        Backend::Sqlite => {
            "CREATE TRIGGER refuse BEFORE INSERT ON video_generation_jobs WHEN NEW.id = 'b'
             BEGIN SELECT RAISE(ABORT, 'no b here'); END"
        }
        Backend::Postgres => {
            "ALTER TABLE video_generation_jobs ADD CONSTRAINT refuse CHECK (id <> 'b')"
        }
    };
    bench
        .db
        .raw()
        .await
        .execute_unprepared(refuse)
        .await
        .unwrap();
    let dump = Dump::json(&json!([
        job("a", json!({})),
        job("b", json!({})),
        job("c", json!({})),
        null
    ]));
    let report = import(&bench, &dump).await;
    assert_eq!(counts(&report), (4, 2, 0, 2));
    assert_eq!(
        rejected(&report),
        [
            ("[1]".to_owned(), "database_refused"),
            ("[3]".to_owned(), "not_an_object")
        ]
    );
    let run = bench
        .get_import(report.import_id.as_ref().unwrap())
        .await
        .unwrap();
    assert_eq!((run.found, run.imported, run.rejected), (4, 2, 2));
    let mut kept = bench
        .list_import_rejects(&run.id, None, 1000)
        .await
        .unwrap();
    kept.sort_by(|a, b| a.key.cmp(&b.key));
    assert!(kept[0].raw.as_ref().unwrap().contains(r#""job_id":"b""#));
}

#[on_both]
async fn a_nul_is_replaced_on_both_databases(bench: TestApp) {
    let request = json!({"idea": "a pier \0 at night", "x\0": ["\0"]});
    let record = job(
        "a",
        json!({"status": "failed", "error": "left\0right", "request": request}),
    );
    let report = import(&bench, &Dump::json(&json!({"a": record, "b\0": "\0"}))).await;
    assert_eq!(counts(&report), (2, 1, 0, 1));
    let job = bench.get_job("a").await.unwrap();
    assert_eq!(job.error_message.as_deref(), Some("left\u{fffd}right"));
    assert_eq!(job.content.as_deref(), Some("a pier \u{fffd} at night"));
    assert_eq!(job.request_data.unwrap()["x\u{fffd}"], json!(["\u{fffd}"]));
    let repairs = json!([{"field": "error", "rule": "nul_replaced"}, {"field": "request", "rule": "nul_replaced"}]);
    assert_eq!(job.context.unwrap()["repairs"], repairs);
}

#[on_both]
async fn words_that_json_lacks_become_null(bench: TestApp) {
    let text = json!({"a": job("a", json!({"progress": "@", "status": "processing"}))}).to_string();
    let surrogate = json!([job("b", json!({"error": "@", "status": "failed"}))]).to_string();
    let (a, b) = (
        Dump::of(text.replace("\"@\"", "NaN")),
        Dump::of(surrogate.replace('@', "\\ud83d!")),
    );
    assert_eq!(counts(&import(&bench, &a).await), (1, 1, 0, 0));
    assert_eq!(counts(&import(&bench, &b).await), (1, 1, 0, 0));
    let job = bench.get_job("a").await.unwrap();
    assert_eq!(job.progress, 0.0);
    assert_eq!(
        job.context.unwrap()["repairs"][0]["rule"],
        "not_a_number_became_null"
    );
    assert_eq!(
        bench.get_job("b").await.unwrap().error_message.as_deref(),
        Some("\u{fffd}!")
    );
}

#[on_both]
async fn a_record_nested_too_deep_is_a_reject(bench: TestApp) {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let text = json!({"a": job("a", json!({"extra": "@"})), "b": job("b", json!({}))}).to_string();
    let report = import(&bench, &Dump::of(text.replace("\"@\"", &deep))).await;
    assert_eq!(rejected(&report), [("a".to_owned(), "malformed_json")]);
    assert_eq!(export_jobs(&bench).await.len(), 1);
}

#[on_both]
async fn nothing_to_read_is_no_run(bench: TestApp) {
    let told = &mut |_: &import::Outcome| panic!("there is nothing to tell of");
    let none = import::run(&bench, &Options::new(Vec::new()), told).await;
    assert!(matches!(none, Err(ImportError::NoFiles)));
    let missing = import::run(
        &bench,
        &Options::new(vec!["/no/such/file.json".into()]),
        told,
    )
    .await;
    let error = missing.unwrap_err();
    assert!(matches!(error, ImportError::NoneReadable(_)));
    assert!(error.to_string().contains("/no/such/file.json"));
    assert!(bench.list_imports(None, 10).await.unwrap().is_empty());
}
