//! Input that nobody meant well with, or that a crash left: each is told of with its file and key,
//! the others come in, and nothing takes long.

use super::dump::{Dump, counts, export_jobs, import, import_all, job, rejected};
use crate::support::TestApp;
use callsheet::import::{Options, Outcome, Report};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn details(report: &Report) -> Vec<String> {
    report
        .rejects
        .iter()
        .map(|outcome| outcome.kind.to_string())
        .collect()
}

#[on_both]
async fn the_last_record_of_a_key_counts_wherever_it_stands(bench: TestApp) {
    let record = |status: &str| job("a", json!({"status": status})).to_string();
    let others = |from: usize| {
        (from..from + 700).map(|n| format!(r#""o-{n}": {}"#, job(&format!("o-{n}"), json!({}))))
    };
    let mut members: Vec<_> = others(0).collect();
    members.insert(3, format!(r#""a": {}"#, record("queued")));
    members.push(format!(r#""a": {}"#, record("processing")));
    members.extend(others(700));
    members.push(format!(r#""a": {}"#, record("failed")));
    let text = format!("{{{}}}", members.join(", "));
    for text in [
        text.clone(),
        format!(r#"{{"jobs": {text}, "pagination": {{"total": 3}}}}"#),
    ] {
        let report = import(&bench, &Dump::of(text)).await;
        assert_eq!((report.total.found, report.total.rejected), (1403, 2));
        assert!(
            rejected(&report)
                .iter()
                .all(|told| *told == ("a".to_owned(), "duplicate_id"))
        );
        assert_eq!(
            bench.get_job("a").await.unwrap().status,
            entity::JobStatus::Failed
        );
    }
}

#[on_both]
async fn a_name_that_could_not_be_read_back_is_replaced(bench: TestApp) {
    let name = "$serde_json::private::RawValue";
    let record = job("a", json!({"request_data": {"v": {name: "[1]"}}}));
    let report = import(&bench, &Dump::of(json!([record]).to_string())).await;
    assert_eq!((report.total.found, report.total.rejected), (1, 0));
    let kept = bench.get_job("a").await.unwrap();
    let text = format!("{kept:?}");
    assert!(
        text.contains("serde_json RawValue") && !text.contains(name),
        "{text}"
    );
}

#[on_both]
async fn a_file_that_is_all_depth_is_told_of(bench: TestApp) {
    let brackets = |open: &str, close: &str| open.repeat(100_000) + "1" + &close.repeat(100_000);
    for deep in [
        brackets("[", "]"),
        brackets(r#"{"a":"#, "}"),
        "[".repeat(100_000),
        r#"{"a":"#.repeat(100_000),
    ] {
        let started = Instant::now();
        let report = import(&bench, &Dump::of(deep)).await;
        assert_eq!(counts(&report), (1, 0, 0, 1));
        assert!(matches!(
            rejected(&report)[0].1,
            "malformed_json" | "truncated_json"
        ));
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}

#[on_both]
async fn a_text_of_20_mb_comes_in_and_one_of_50_does_not(bench: TestApp) {
    let text = |megabytes: usize| "a lantern ".repeat(megabytes * 100_000);
    let request = |megabytes| json!({"request": {"idea": text(megabytes), "style": "s"}});
    let dump = Dump::json(&json!([
        job("a", request(20)),
        job("b", request(50)),
        job("c", json!({}))
    ]));
    let report = import(&bench, &dump).await;
    assert_eq!(
        (counts(&report), rejected(&report)),
        ((3, 2, 0, 1), vec![("[1]".to_owned(), "too_large")])
    );
    assert_eq!(
        bench.get_job("a").await.unwrap().content.unwrap().len(),
        20_000_000
    );
}

#[on_both]
async fn other_encodings_are_named(bench: TestApp) {
    let text = Dump::json(&json!({"a": job("a", json!({"error": "x"}))}));
    let text = std::fs::read_to_string(&text.path).unwrap();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked: Vec<u8> = [&[0xff, 0xfe], little.as_slice()].concat();
    let latin = text
        .replace("\"x\"", "\"\u{e9}\"")
        .chars()
        .map(|c| c as u8)
        .collect::<Vec<_>>();
    for bytes in [marked, little, big, latin] {
        let report = import(&bench, &Dump::of(bytes)).await;
        assert_eq!(
            (report.total.imported, report.total.rejected),
            (0, 1),
            "{:?}",
            details(&report)
        );
    }
    let bom = format!("\u{feff}{text}");
    assert_eq!(counts(&import(&bench, &Dump::of(bom)).await), (1, 1, 0, 0));
}

#[on_both]
async fn odd_ids_are_kept_or_named(bench: TestApp) {
    let ids = [
        "../../etc/passwd",
        "a b",
        "C:\\jobs\\1",
        "%2e%2e",
        "'; DROP TABLE x; --",
        "é🎻",
        "null",
    ];
    let mut records: Vec<_> = ids.iter().map(|id| job(id, json!({}))).collect();
    records.extend(
        ["", &"x".repeat(300), "a\u{0}b", "a\u{fffd}b"]
            .iter()
            .map(|id| job(id, json!({}))),
    );
    records.push(job("n", json!({"job_id": {"$oid": "1"}})));
    let report = import(&bench, &Dump::json(&records.into())).await;
    assert_eq!(counts(&report), (12, 7, 0, 5));
    let reasons: Vec<_> = rejected(&report)
        .into_iter()
        .map(|(_, reason)| reason)
        .collect();
    assert_eq!(
        reasons,
        ["missing_id", "bad_id", "bad_id", "bad_id", "bad_id"]
    );
    for id in ids {
        assert_eq!(bench.get_job(id).await.unwrap().id, id);
    }
    let like_paths = report.total.rules.get("id_like_a_path_taken_as_it_is");
    assert_eq!(like_paths, Some(&2));
    let pipeline = json!([{
        "job_id": "../../root", "pipeline_type": "idea2video", "status": "pending", "progress": 0.0, "request_data": {},
        "created_at": "2025-06-01T12:00:00", "updated_at": "2025-06-01T12:00:01",
    }]);
    import(&bench, &Dump::json(&pipeline)).await;
    assert_eq!(bench.get_job("../../root").await.unwrap().working_dir, None);
}

#[on_both]
async fn values_that_cannot_be_right_are_put_right_or_left_out(bench: TestApp) {
    let table = |id: &str, changed: Value| {
        let mut row = json!({
            "id": id, "job_type": "idea2video", "status": "processing", "request_data": {}, "result_data": null,
            "progress": 10.0, "total_shots": 4, "completed_shots": 2,
            "created_at": "2025-01-01 00:00:00.000000", "updated_at": "2025-01-01 00:00:01.000000",
        });
        changed
            .as_object()
            .unwrap()
            .iter()
            .for_each(|(name, value)| row[name] = value.clone());
        row
    };
    let rows = json!([
        table("more-done", json!({"completed_shots": 9})),
        table(
            "negative",
            json!({"total_shots": -1, "completed_shots": -1, "progress": -1})
        ),
        table(
            "huge",
            json!({"total_shots": 1e300, "progress": 1e300, "completed_shots": "many"})
        ),
        table(
            "year-one",
            json!({"started_at": "0001-01-01 00:00:00", "completed_at": "9999-99-99"})
        ),
        table("fraction", json!({"progress": "Infinity"})),
    ]);
    let (report, told) = import_all(&bench, &Dump::json(&rows).options()).await;
    assert_eq!(counts(&report), (5, 5, 0, 0));
    assert!(
        told.iter()
            .all(|outcome: &Outcome| !outcome.repairs.is_empty())
    );
    for job in export_jobs(&bench).await {
        let (total, done) = (
            job["total_shots"].as_i64().unwrap(),
            job["completed_shots"].as_i64().unwrap(),
        );
        let progress = job["progress"].as_f64().unwrap();
        assert!(
            0 <= done && done <= total && (0.0..=100.0).contains(&progress),
            "{job}"
        );
        assert!(job["started_at"].is_null() && job["completed_at"].is_null());
    }
    let kept = bench.get_job("more-done").await.unwrap();
    assert_eq!(
        (
            kept.completed_shots,
            &kept.context.unwrap()["legacy"]["completed_shots"]
        ),
        (4, &json!(9))
    );
}

#[on_both]
async fn times_that_are_null_or_impossible_are_told_of(bench: TestApp) {
    let times = [
        (json!(null), json!(null)),
        (json!("0001-01-01T00:00:00"), json!(-1)),
        (json!([]), json!({"_seconds": "x"})),
    ];
    let records = times
        .into_iter()
        .zip(["a", "b", "c"])
        .map(|((created, updated), id)| {
            job(id, json!({"created_at": created, "updated_at": updated}))
        });
    let mut records: Vec<_> = records.collect();
    records.push(job("d", json!({"created_at": null})));
    let report = import(&bench, &Dump::json(&records.into())).await;
    assert_eq!(counts(&report), (4, 1, 0, 3));
    assert!(
        rejected(&report)
            .iter()
            .all(|(_, reason)| *reason == "bad_time")
    );
}

#[on_both]
async fn what_cannot_be_opened_is_named(bench: TestApp) {
    let good = Dump::json(&json!([job("a", json!({}))]));
    let folder = good.path.parent().unwrap();
    let link = folder.join("itself.json");
    std::os::unix::fs::symlink(&link, &link).unwrap();
    let empty = tempfile::tempdir().unwrap();
    let files = vec![
        folder.join("missing.json"),
        link,
        empty.path().to_owned(),
        good.path.clone(),
    ];
    let (report, _) = import_all(&bench, &Options::new(files)).await;
    assert_eq!(counts(&report), (4, 1, 0, 3));
    let reasons: Vec<_> = rejected(&report)
        .into_iter()
        .map(|(_, reason)| reason)
        .collect();
    assert_eq!(
        reasons,
        ["unreadable_file", "unreadable_file", "empty_folder"]
    );
    assert!(details(&report).iter().all(|detail| detail.ends_with('.')));
}

#[on_both]
async fn a_word_for_a_record_is_told_of(bench: TestApp) {
    let report = import(
        &bench,
        &Dump::of(format!("[NaN, {}, -Infinity]", job("a", json!({})))),
    )
    .await;
    assert_eq!(counts(&report), (3, 1, 0, 2));
}

#[on_both]
async fn repairs_are_told_with_their_rule(bench: TestApp) {
    let record = job(
        "a",
        json!({"status": "failed", "error": "refused: token=0123456789abcdef\u{0}", "progress": 180}),
    );
    let (_, told) = import_all(&bench, &Dump::json(&json!([record])).options()).await;
    let rules: Vec<_> = told[0]
        .repairs
        .iter()
        .map(|repair| (repair.field.as_str(), repair.rule))
        .collect();
    let wanted = [
        ("progress", "progress_put_on_scale"),
        ("error", "nul_replaced"),
        ("error", "secret_removed"),
    ];
    assert_eq!(rules, wanted);
    let job = bench.get_job("a").await.unwrap();
    assert_eq!(
        job.error_message.as_deref(),
        Some("refused: token=[secret removed]")
    );
}

#[on_both]
async fn a_broken_line_costs_itself_alone(bench: TestApp) {
    let line = |id: &str| job(id, json!({})).to_string();
    let cut = line("cut");
    let text = [
        &line("a"),
        "{bad",
        &line("b"),
        &cut[..cut.len() / 2],
        &line("c"),
        "",
        &cut[..cut.len() - 3],
    ]
    .join("\n");
    let report = import(&bench, &Dump::of(&text)).await;
    assert_eq!(counts(&report), (6, 3, 0, 3));
    let wanted = [
        ("line 2", "malformed_json"),
        ("line 4", "truncated_json"),
        ("line 7", "truncated_json"),
    ];
    assert_eq!(
        rejected(&report),
        wanted.map(|(at, reason)| (at.to_owned(), reason))
    );
    let kept = bench
        .list_import_rejects(&report.import_id.unwrap(), None, 10)
        .await
        .unwrap();
    assert_eq!(
        (kept[0].raw.as_deref(), kept[1].raw.as_deref()),
        (Some("{bad"), Some(&cut[..cut.len() / 2]))
    );
}

#[on_both]
async fn a_name_that_repeats_is_told_of(bench: TestApp) {
    let text = job("a", json!({"status": "failed"})).to_string();
    let text = text
        .replacen("\"job_id\"", "\"status\": \"queued\", \"job_id\"", 1)
        .replacen("{", "{\"x\\u0000\": 1, \"x\\u0000\": 2, ", 1);
    let (report, told) = import_all(&bench, &Dump::of(format!("[{text}]")).options()).await;
    assert_eq!(counts(&report), (1, 1, 0, 0));
    assert_eq!(
        report
            .total
            .rules
            .get("last_value_of_a_repeated_name_counts"),
        Some(&1)
    );
    let fields: Vec<_> = told[0]
        .repairs
        .iter()
        .filter(|r| r.rule.starts_with("last_value"))
        .map(|r| r.field.as_str())
        .collect();
    assert_eq!(fields, ["x\u{fffd}", "status"]);
    assert_eq!(
        bench.get_job("a").await.unwrap().status,
        entity::JobStatus::Failed
    );
}

#[on_both]
async fn a_key_that_no_database_holds_is_put_right(bench: TestApp) {
    let nameless = json!({"job_id": null});
    let members = [
        format!(r#""a\u0000": {}"#, job("a", json!({}))),
        format!(r#""\ud800": {}"#, job("b", json!({}))),
        format!(r#""c\u0000": {}"#, job("", nameless.clone())),
        format!(r#""\udfff": {}"#, job("", nameless)),
    ];
    let report = import(&bench, &Dump::of(format!("{{{}}}", members.join(", ")))).await;
    assert_eq!(
        (
            counts(&report),
            rejected(&report)[0].1,
            rejected(&report)[1].1
        ),
        ((4, 2, 0, 2), "bad_id", "bad_id")
    );
    for (id, key) in [("a", "a\u{fffd}"), ("b", "\u{fffd}")] {
        assert_eq!(
            bench.get_job(id).await.unwrap().context.unwrap()["legacy"]["key"],
            key
        );
    }
}

/// It can be opened, and nobody can read where no memory is.
#[on_both]
async fn a_file_whose_reading_fails_is_named(bench: TestApp) {
    let good = Dump::json(&json!([job("a", json!({}))]));
    let (report, _) = import_all(
        &bench,
        &Options::new(vec!["/proc/self/mem".into(), good.path.clone()]),
    )
    .await;
    assert_eq!(
        (counts(&report), rejected(&report)[0].1),
        ((2, 1, 0, 1), "unreadable_file")
    );
}

#[on_both]
async fn long_keys_of_items_are_all_kept(bench: TestApp) {
    let key = |n: usize| format!("{n}{}", "/folder".repeat(50));
    let shots: Vec<_> = (0..3)
        .map(|n| json!({"shot_idx": key(n), "status": "completed"}))
        .collect();
    import(
        &bench,
        &Dump::json(&json!([job("a", json!({"shots": shots}))])),
    )
    .await;
    let whole = bench.whole("a").await;
    let legacy = &whole.job.unwrap().context.unwrap()["legacy"];
    for (n, item) in whole.items.iter().enumerate() {
        assert_eq!(item.key.chars().count(), 255);
        assert_eq!(legacy[format!("items[{n}].key")], key(n));
    }
}

#[on_both]
async fn a_number_that_nothing_holds_keeps_its_digits(bench: TestApp) {
    let text = json!([job(
        "a",
        json!({"tenant": "@", "request": {"idea": "x", "seed": "@"}})
    )])
    .to_string();
    let report = import(
        &bench,
        &Dump::of(text.replace("\"@\"", "340282366920938463463374607431768211456")),
    )
    .await;
    assert_eq!(counts(&report), (1, 1, 0, 0));
    assert_eq!(
        report.total.rules.keys().copied().collect::<Vec<_>>(),
        ["large_number_kept_as_text"]
    );
    let job = bench.get_job("a").await.unwrap();
    assert_eq!(
        job.request_data.unwrap()["seed"],
        "340282366920938463463374607431768211456"
    );
    assert_eq!(
        job.context.unwrap()["legacy"]["tenant"],
        "340282366920938463463374607431768211456"
    );
}

#[on_both]
async fn what_a_sentence_quotes_is_cut(bench: TestApp) {
    let long = "x".repeat(1_000_000);
    let records = json!([
        job("a", json!({"status": {"word": long}})),
        job("b", json!({"job_id": [long]}))
    ]);
    let report = import(&bench, &Dump::json(&records)).await;
    assert_eq!(report.total.rejected, 2);
    assert!(
        details(&report)
            .iter()
            .all(|told| told.len() < 1100 && told.ends_with('…'))
    );
}
