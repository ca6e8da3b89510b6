//! Where a store lies: compressed files, and folders with what is below them.

use super::{
    dump::{Dump, counts, import, import_all, job, rejected, sample},
    kept_as_it_was::Copy,
};
use crate::support::TestApp;
use callsheet::import::Options;
use serde_json::{Value, json};
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[on_both]
async fn a_compressed_file_is_read_as_it_is(bench: TestApp) {
    let text = |id: &str| json!({id: job(id, json!({"status": "failed"}))}).to_string();
    // A key that stands twice has to be found in an archive as well.
    let twice = format!(
        "{{{}, {}}}",
        &text("a")[1..text("a").len() - 1],
        r#""a": null"#
    );
    let zstd = zstd::encode_all(text("b").as_bytes(), 1).unwrap();
    // Two archives one after the other are one archive.
    let both = [gzip(text("c").as_bytes()), gzip(text("d").as_bytes())].concat();
    let dumps = [
        Dump::of(gzip(twice.as_bytes())),
        Dump::of(zstd),
        Dump::of(both),
    ];
    let options = Options::new(dumps.iter().map(|dump| dump.path.clone()).collect());
    let (report, _) = import_all(&bench, &options).await;
    assert_eq!(counts(&report), (5, 3, 0, 2));
    let wanted = [
        ("a".to_owned(), "duplicate_id"),
        ("a".to_owned(), "not_an_object"),
    ];
    assert_eq!(rejected(&report), wanted);
}

#[on_both]
async fn a_broken_archive_gives_its_whole_records(bench: TestApp) {
    let records: Vec<_> = (0..2000)
        .map(|n| {
            job(
                &format!("job-{n}"),
                json!({"salt": fastrand::u128(..).to_string()}),
            )
        })
        .collect();
    let archive = gzip(Value::from(records).to_string().as_bytes());
    let report = import(&bench, &Dump::of(&archive[..archive.len() / 2])).await;
    assert!(report.total.imported > 100 && report.total.rejected == 1);
    assert!(matches!(
        rejected(&report)[0].1,
        "unreadable_file" | "truncated_json"
    ));
}

#[on_both]
async fn a_folder_is_read_with_what_lies_below_and_a_loop_is_told_of(bench: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let write =
        |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    std::fs::create_dir_all(folder.path().join("2025/11")).unwrap();
    write("a.json", &job("a", json!({})).to_string());
    write(
        "2025/11/b.JSON",
        &json!([job("b", json!({})), job("c", json!({}))]).to_string(),
    );
    write("2025/notes.txt", "not a dump");
    write("2025/z.json", "");
    std::os::unix::fs::symlink(folder.path(), folder.path().join("2025/11/up")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("gone.json")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe.json"))
        .status()
        .unwrap();
    assert!(made.success());

    let (report, _) = import_all(&bench, &Options::new(vec![folder.path().to_owned()])).await;
    assert_eq!(counts(&report), (7, 3, 0, 4));
    let told: Vec<_> = report
        .rejects
        .iter()
        .map(|o| {
            o.file
                .strip_prefix(folder.path())
                .unwrap()
                .to_str()
                .unwrap()
        })
        .collect();
    assert_eq!(
        told,
        ["gone.json", "pipe.json", "2025/z.json", "2025/11/up"]
    );
    let reasons: Vec<_> = rejected(&report)
        .into_iter()
        .map(|(_, reason)| reason)
        .collect();
    assert_eq!(
        reasons,
        [
            "unreadable_file",
            "unreadable_file",
            "empty_file",
            "folder_loop"
        ]
    );
}

#[on_both]
async fn a_copied_file_does_not_take_the_place_of_its_job(bench: TestApp) {
    let copy = Copy::of(&sample("web2img"));
    let job = copy.path.join("batch-a27769e9.json");
    let older = std::fs::read_to_string(&job)
        .unwrap()
        .replace("\"status\": \"completed\"", "\"status\": \"failed\"");
    std::fs::write(copy.path.join("a copy.json"), older).unwrap();
    let (report, _) = import_all(&bench, &Options::new(vec![copy.path.clone()])).await;
    assert_eq!((report.total.imported, report.total.rejected), (8, 3));
    assert_eq!(rejected(&report)[0].1, "duplicate_id");
    assert_eq!(
        bench.get_job("batch-a27769e9").await.unwrap().status,
        entity::JobStatus::Completed
    );
}
