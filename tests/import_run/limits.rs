//! What an import may take: of memory, of the disk, of time, and of places.

use crate::{
    import::dump::{Dump, counts, import, import_all, job, rejected},
    support::{Patience, TestApp},
};
use callsheet::import::{Background, DiskReserve, Options, Settings, StopReason};
use entity::import::{self, ImportStatus};
use serde_json::json;
use std::{path::PathBuf, time::Duration};
use tempfile::TempDir;

#[on_both]
async fn rejects_beyond_some_are_only_counted(bench: TestApp) {
    let report = import(&bench, &Dump::of("{\"x\": 1}\n".repeat(10_050))).await;
    assert_eq!(counts(&report), (10_050, 0, 0, 10_050));
    let run = bench.get_import(&report.import_id.unwrap()).await.unwrap();
    assert_eq!((run.rejected, run.rejects_kept), (10_050, 10_000));

    let large = format!("{{\"x\": \"{}\"}}\n", "y".repeat(1_000_000));
    let report = import(&bench, &Dump::of(large.repeat(80))).await;
    let run = bench.get_import(&report.import_id.unwrap()).await.unwrap();
    assert_eq!((run.rejected, run.rejects_kept), (80, 67));
    assert!(run.reject_bytes <= 64 << 20);
}

#[on_both]
async fn values_in_a_row_that_are_no_records_are_one_reject(bench: TestApp) {
    let list = format!(
        "[{} {{\"a\": 1}}, {} 4]",
        "1, {}, [ ], ".repeat(100_000),
        job("a", json!({})).to_string() + ","
    );
    let report = import(&bench, &Dump::of(&list)).await;
    assert_eq!(counts(&report), (4, 1, 0, 3));
    let wanted = [
        ("[0]", "not_an_object"),
        ("[300000]", "unknown_shape"),
        ("[300002]", "not_an_object"),
    ];
    assert_eq!(
        rejected(&report),
        wanted.map(|(at, reason)| (at.to_owned(), reason))
    );
    let kept = bench
        .list_import_rejects(&report.import_id.unwrap(), None, 10)
        .await
        .unwrap();
    assert!(
        kept[0].detail.contains("300000 values in a row"),
        "{}",
        kept[0].detail
    );
    assert_eq!(kept[0].raw.as_deref(), Some("1"));
    let report = import(&bench, &Dump::of("1 2\n3\n\"x\"")).await;
    assert_eq!(counts(&report), (1, 0, 0, 1));
}

#[on_both]
async fn a_packed_file_that_unpacks_without_end_fails(bench: TestApp) {
    let bomb = |byte: u8| {
        zstd::encode_all(std::io::Read::take(std::io::repeat(byte), 1 << 30), 1).unwrap()
    };
    // Nothing but the beginning of a record, a record a byte, and no record at all.
    for byte in [b'[', b'1', b' '] {
        let (report, _) = import_all(&bench, &Dump::of(bomb(byte)).options()).await;
        let Some(StopReason::LimitReached(told)) = &report.stopped else {
            panic!("{:?}", report.stopped)
        };
        assert!(told.contains("unpacks to more than 100 times"), "{told}");
        let run = bench.get_import(&report.import_id.unwrap()).await.unwrap();
        assert_eq!((run.status, run.rejected), (ImportStatus::Failed, 0));
        assert!(run.error.unwrap().contains("unpack it"));
    }
}

#[on_both]
async fn a_disk_that_is_nearly_full_stops_an_import(bench: TestApp) {
    let dump = Dump::json(&json!([job("a", json!({}))]));
    let room = DiskReserve {
        free: Some(u64::MAX),
        places: vec![std::env::temp_dir()],
    };
    let (report, _) = import_all(
        &bench,
        &Options {
            room,
            ..dump.options()
        },
    )
    .await;
    let run = bench.get_import(&report.import_id.unwrap()).await.unwrap();
    assert_eq!((run.status, run.imported), (ImportStatus::Failed, 0));
    assert!(run.error.unwrap().contains("make room"));
}

/// A pipe that says nothing for as long as this is kept.
pub struct Silence {
    folder: TempDir,
    _end: std::fs::File,
}

impl Silence {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe.json");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        // Opened for both, so that nobody waits for the other end.
        let end = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        Self { folder, _end: end }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("pipe.json")
    }

    pub fn options(&self) -> Options {
        Options::new(vec![self.path()])
    }
}

/// The run when it has ended.
pub async fn ended(bench: &TestApp, id: &str) -> import::Model {
    loop {
        let run = bench.get_import(id).await.unwrap();
        if run.status != ImportStatus::Running && run.report.is_some() {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[on_both]
async fn an_import_that_takes_too_long_is_ended(bench: TestApp) {
    let settings = Settings {
        time_limit: Some(Duration::from_millis(50)),
        ..Settings::default()
    };
    let background = Background::new((*bench).clone(), settings);
    let silence = Silence::new();
    let id = background
        .start(silence.options(), background.place().unwrap(), ())
        .await
        .unwrap();
    let run = ended(&bench, &id).await;
    assert_eq!(run.status, ImportStatus::Failed);
    assert!(run.error.unwrap().contains("--max-import-seconds"));
}

#[on_both]
async fn more_imports_than_may_wait_get_no_place(bench: TestApp) {
    let background = Background::new((*bench).clone(), Settings::default());
    let silence = Silence::new();
    let mut runs = Vec::new();
    for _ in 0..18 {
        runs.push(
            background
                .start(silence.options(), background.place().unwrap(), ())
                .await
                .unwrap(),
        );
    }
    assert!(background.place().is_none());
    // One that waits ends as well as one that runs, and gives its place away.
    for n in [17, 0] {
        assert_eq!(
            bench.abort_import(&runs[n]).await.unwrap().status,
            ImportStatus::Aborted
        );
        ended(&bench, &runs[n]).await;
        let patience = Patience::begin();
        let place = loop {
            match background.place() {
                Some(place) => break place,
                None => patience.pause("a place is free").await,
            }
        };
        assert!(background.place().is_none());
        std::mem::forget(place);
    }
    background.end(Duration::from_secs(20)).await;
    for id in &runs[1..17] {
        let run = ended(&bench, id).await;
        assert_eq!(run.status, ImportStatus::Failed);
        assert!(run.error.unwrap().starts_with("Stopped on request"));
    }
}
