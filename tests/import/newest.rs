//! Several records of an id in one source, as in a log with a line for each change: the newest
//! counts.

use super::dump::{Dump, counts, export_text, import, import_all, job};
use crate::support::TestApp;
use callsheet::import::{Options, Report};
use entity::JobStatus;
use serde_json::{Value, json};
use std::io::Write;

fn line(id: &str, status: &str, updated_at: &str) -> String {
    job(id, json!({"status": status, "updated_at": updated_at})).to_string()
}

fn superseded(report: &Report) -> &str {
    let told = |sentence: &&String| sentence.contains("passed over");
    report.assumed.iter().find(told).map_or("", String::as_str)
}

#[on_both]
async fn the_newest_line_of_an_id_counts_and_is_told(bench: TestApp) {
    let lines = [
        line("a", "queued", "2026-01-02T03:04:05"),
        line("b", "queued", "2026-01-02T03:04:05"),
        line("a", "completed", "2026-01-02T03:14:05"),
        line("a", "processing", "2026-01-02T03:09:05"),
        line("b", "failed", "2026-01-02T03:04:05"),
    ];
    for newline in ["\n", "\r\n"] {
        let report = import(&bench, &Dump::of(lines.join(newline))).await;
        assert_eq!((report.total.found, report.total.rejected), (2, 0));
        let status = |id: &'static str| async { bench.get_job(id).await.unwrap().status };
        assert_eq!(status("a").await, JobStatus::Completed);
        assert_eq!(status("b").await, JobStatus::Failed);
    }
    let repairs = bench.get_job("a").await.unwrap().context.unwrap()["repairs"].clone();
    assert_eq!(repairs[0]["rule"], "newest_record_of_the_id_counts");
}

#[on_both]
async fn it_counts_in_lists_envelopes_and_packed_files_too(bench: TestApp) {
    let records = |id: &str| -> Value {
        let at = |status: &str, at: &str| job(id, json!({"status": status, "updated_at": at}));
        json!([
            at("completed", "2026-01-02T03:14:05"),
            at("queued", "2026-01-02T03:04:05")
        ])
    };
    let packed = zstd::encode_all(records("packed").to_string().as_bytes(), 1).unwrap();
    let dumps = [
        Dump::json(&records("list")),
        Dump::json(&json!({"status": "ok", "data": {"jobs": records("envelope")}})),
        Dump::of(packed),
    ];
    for (dump, id) in dumps.iter().zip(["list", "envelope", "packed"]) {
        let report = import(&bench, dump).await;
        assert_eq!(counts(&report), (1, 1, 0, 0), "{id}: {:?}", report.rejects);
        assert_eq!(
            superseded(&report),
            "1 older record of an id was passed over: within one source the newest updated_at of \
             an id counts, else its last record"
        );
        assert_eq!(
            bench.get_job(id).await.unwrap().status,
            JobStatus::Completed
        );
    }
}

#[on_both]
async fn without_times_the_last_line_counts_and_a_broken_one_does_not(bench: TestApp) {
    let record = |status: &str| {
        json!({"job_id": "p", "pipeline_type": "idea2video", "status": status, "request_data": {},
               "created_at": "2026-01-02T03:04:05"})
        .to_string()
    };
    let cut = &record("failed")[..40];
    let text = [
        record("pending"),
        record("running"),
        record("completed"),
        cut.to_owned(),
    ];
    let report = import(&bench, &Dump::of(text.join("\n"))).await;
    assert_eq!((report.total.imported, report.total.rejected), (1, 1));
    assert_eq!(
        bench.get_job("p").await.unwrap().status,
        JobStatus::Completed
    );
}

#[on_both]
async fn what_is_there_is_still_left_alone(bench: TestApp) {
    let older = [line("a", "queued", "2026-01-02T03:04:05")].join("\n");
    import(&bench, &Dump::of(older)).await;
    let before = export_text(&bench).await;
    let log = Dump::of(
        [
            line("a", "processing", "2026-01-02T03:09:05"),
            line("a", "completed", "2026-01-02T03:14:05"),
        ]
        .join("\n"),
    );
    assert_eq!(counts(&import(&bench, &log).await), (1, 0, 1, 0));
    assert_eq!(export_text(&bench).await, before);
    let options = Options {
        on_conflict: callsheet::import::OnConflict::Overwrite,
        ..log.options()
    };
    assert_eq!(import_all(&bench, &options).await.0.total.overwritten, 1);
    assert_eq!(
        bench.get_job("a").await.unwrap().status,
        JobStatus::Completed
    );
}

/// The pass that finds the newest lines reads the file in pieces, and so does the one that takes
/// them.
#[on_both]
async fn a_long_log_gives_the_last_state_of_every_job(bench: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    let mut log = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let statuses = [
        "queued",
        "processing",
        "failed",
        "queued",
        "processing",
        "completed",
    ];
    for (round, status) in statuses.iter().enumerate() {
        for id in 0..500 {
            let at = format!("2026-01-02T03:{round:02}:05");
            writeln!(log, "{}", line(&format!("job-{id}"), status, &at)).unwrap();
        }
    }
    log.into_inner().unwrap().sync_all().unwrap();
    let (report, _) = import_all(&bench, &Options::new(vec![path])).await;
    assert_eq!(counts(&report), (500, 500, 0, 0));
    assert!(superseded(&report).starts_with("2500 older records"));
    for id in [0, 250, 499] {
        let job = bench.get_job(&format!("job-{id}")).await.unwrap();
        assert_eq!(job.status, JobStatus::Completed);
    }
}
