//! `callsheet import` of stores that it does not know: what a file looks like, a map of it, and
//! what was assumed.

use super::run::Desk;
use crate::support::TestDb;
use std::path::Path;

fn trial(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/trials")
        .join(name);
    path.display().to_string()
}

#[tokio::test]
async fn a_file_is_explained_and_what_is_proposed_can_be_run() {
    let desk = Desk::new();
    let file = trial("10c_camel_ms.json");
    let told = desk.done(&["import", "--explain", &file]).await;
    assert!(
        told.contains("looks like JSON: a list of 2 records"),
        "{told}"
    );
    for (field, target) in [
        ("createdAt", "created_at"),
        ("videoUrl", "result.video_path"),
        ("prompt", "content"),
        ("id", "job_id"),
    ] {
        let line = told
            .lines()
            .find(|line| line.trim().starts_with(field))
            .expect(field);
        assert!(line.contains(target), "{line}");
    }
    assert!(told.contains("generation (1) is not known"), "{told}");
    assert!(told.contains("kept in context.legacy: model"), "{told}");
    let command = told.lines().last().unwrap().trim();
    assert!(
        command.starts_with("callsheet import --dry-run --from json --map "),
        "{command}"
    );
    assert!(command.contains("--type TYPE") && command.contains("--status generation=queued"));
    let arguments: Vec<_> = command.split(' ').skip(1).collect();
    let ran = desk.done(&arguments).await;
    assert!(ran.contains("the first 2 records, mapped:"), "{ran}");
    assert!(
        ran.contains("\"video_path\":\"/storage/videos/a.mp4\""),
        "{ran}"
    );
    assert!(!desk.path("callsheet.db").exists(), "nothing was created");
}

#[tokio::test]
async fn every_form_is_explained() {
    let desk = Desk::new();
    let table = desk.file("jobs.csv", "uuid;state;created\na;done;2026-01-02\n");
    for (file, told) in [
        (
            trial("10a_silence_cutter_dict.json"),
            "an object with 1 record by id",
        ),
        (trial("10b_render_queue.json"), "added"),
        (
            trial("12a_animation_jobs.db"),
            "its table jobs begins with 2 records",
        ),
        (table, "a table of text (CSV): 1 record"),
        (
            trial("03f_data_list.json"),
            "those of vedo-jobs, which needs no map",
        ),
        (trial("20_web2img_report_sample.json"), "those of web2img"),
    ] {
        let said = desk.done(&["import", "--explain", &file]).await;
        assert!(said.contains(told), "{file}: {said}");
    }
    let empty = desk.file("empty.json", "");
    assert!(
        desk.fails(1, &["import", "--explain", &empty])
            .await
            .contains("empty")
    );
    let missing = desk
        .fails(1, &["import", "--explain", "missing.json"])
        .await;
    assert!(missing.contains("cannot be opened"), "{missing}");
}

#[on_both]
async fn what_was_assumed_is_told_after_the_import(db: TestDb) {
    let desk = Desk::at(&db);
    let told = desk
        .done(&["import", "--quiet", &trial("02_shot_words.json")])
        .await;
    assert!(
        told.contains("2 times without a zone were taken as UTC (use --source-tz)"),
        "{told}"
    );
    assert!(
        told.contains("the status `done` of 2 items was taken as completed"),
        "{told}"
    );
    let named = [
        "import",
        "--status",
        "preview_ready=queued",
        "--from",
        "json",
        "--type",
        "clips",
    ];
    let file = trial("10e_clips_list.json");
    let told = desk
        .done(&[&named[..], &["--map", "youtube_url=content", &file]].concat())
        .await;
    assert!(!told.contains("preview_ready"), "{told}");
    let job = desk
        .json(&["jobs", "get", "job_1767197736", "--json"])
        .await;
    assert_eq!(job["status"], "queued", "{job}");
}

#[tokio::test]
async fn a_map_that_cannot_be_meant_is_refused_before_anything_is_read() {
    let desk = Desk::new();
    for (args, told) in [
        (&["--map", "id=job_id"][..], "--from json"),
        (
            &["--from", "web2img", "--type", "x"],
            "--type needs --from json",
        ),
        (
            &["--from", "json", "--table", "jobs"],
            "--table needs --from sqlite",
        ),
        (&["--from", "csv", "--map", "url"], "THEIRS=OURS"),
        (
            &["--from", "json", "--map", "url=video"],
            "`video` is no field of a job",
        ),
        (&["--status", "done"], "WORD=STATUS"),
        (&["--status", "done=over"], "`over` is no status"),
    ] {
        let args = [&["import"], args, &["x.json"]].concat();
        let sentence = desk.fails(2, &args).await;
        assert!(sentence.contains(told), "{sentence}");
    }
}
