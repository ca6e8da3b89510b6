//! `callsheet retention` and `callsheet archive`.

use super::{ended, store};
use crate::{cli::run::Desk, support::TestApp};
use entity::JobStatus;

#[on_both]
async fn a_run_deletes_what_its_preview_counted(t: TestApp) {
    let desk = Desk::at(&t.db);
    for _ in 0..3 {
        ended(&t, "film", JobStatus::Completed).await;
    }
    ended(&t, "film", JobStatus::Failed).await;
    // The jobs ended on the first day of 2026, by the clock of the test.
    let keep = ["--keep-completed", "1s"];
    let preview = [&["retention", "preview", "--json"][..], &keep].concat();
    let preview = desk.json(&preview).await;
    assert_eq!(preview["would_delete"], 3);
    assert_eq!(preview["counts"][0]["month"], "2026-01");
    let text = desk
        .done(&[&["retention", "preview"][..], &keep].concat())
        .await;
    assert!(text.contains("3 would be deleted, 0 archived"), "{text}");
    let run = [&["retention", "run"][..], &keep].concat();
    assert_eq!(desk.done(&run).await, "Deleted 3, archived 0.\n");
    assert_eq!(desk.done(&run).await, "Deleted 0, archived 0.\n");
}

#[on_both]
async fn a_rule_that_keeps_nothing_asks_first(t: TestApp) {
    let desk = Desk::at(&t.db);
    ended(&t, "film", JobStatus::Cancelled).await;
    let run = ["retention", "run", "--keep-cancelled", "0"];
    let sentence = desk.fails(2, &run).await;
    assert!(
        sentence.contains("1 would be deleted") && sentence.contains("--yes"),
        "{sentence}"
    );
    let run = [&run[..], &["--yes"]].concat();
    assert_eq!(desk.done(&run).await, "Deleted 1, archived 0.\n");
}

#[on_both]
async fn durations_in_the_past_and_unknown_stores_are_refused(t: TestApp) {
    let desk = Desk::at(&t.db);
    let run = ["retention", "run", "--keep-failed", "-1d"];
    let sentence = desk.fails(2, &run).await;
    assert!(
        sentence.contains("keep_failed") && sentence.contains("without a minus"),
        "{sentence}"
    );
    for (store, words) in [
        ("gs://bucket/prefix", "use a folder or s3://bucket/prefix"),
        ("s3://bucket/prefix", "name the region of the bucket"),
    ] {
        let run = ["archive", "run", "--archive", store];
        let sentence = desk.fails(2, &run).await;
        assert!(sentence.contains(words), "{sentence}");
    }
    let run = ["archive", "list", "--keep-then", "archive"];
    let sentence = desk.fails(2, &run).await;
    assert!(sentence.contains("name the folder"), "{sentence}");
}

#[on_both]
async fn jobs_are_archived_listed_verified_and_restored(t: TestApp) {
    let (desk, folder) = (Desk::at(&t.db), store());
    let desk = desk.with("CALLSHEET_ARCHIVE", folder.path().to_str().unwrap());
    let id = ended(&t, "film", JobStatus::Completed).await;
    let keep = [
        "archive",
        "run",
        "--keep-then",
        "archive",
        "--keep-completed",
        "1s",
    ];
    assert_eq!(desk.done(&keep).await, "Archived 1.\n");
    let list = desk.json(&["archive", "list", "--json"]).await;
    assert_eq!(list["archives"][0]["archived"], 1);
    let verified = desk.done(&["archive", "verify"]).await;
    assert_eq!(verified, "1 objects and 1 jobs can be read, 0 findings\n");
    let sentence = desk.fails(1, &["jobs", "cancel", &id]).await;
    assert!(sentence.contains("in the archive"), "{sentence}");
    desk.done(&["archive", "restore", &id]).await;
    assert!(t.get_job(&id).await.is_ok());
    std::fs::write(super::archive::files(&folder)[0].clone(), "broken").unwrap();
    let said = desk.run(&["archive", "verify"]).await;
    assert_eq!(said.code, 1, "{said:?}");
}

#[on_both]
async fn a_queue_gets_a_rule(t: TestApp) {
    let desk = Desk::at(&t.db);
    let set = [
        "queue",
        "keep",
        "film",
        "--completed",
        "30d",
        "--then",
        "delete",
        "--json",
    ];
    let queue = desk.json(&set).await;
    assert_eq!(
        (&queue["keep"]["completed"], &queue["then"]),
        (&"30d".into(), &"delete".into())
    );
    let set = ["queue", "keep", "film", "--completed", "default", "--json"];
    assert!(desk.json(&set).await["keep"]["completed"].is_null());
}
