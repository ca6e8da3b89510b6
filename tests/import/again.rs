//! What is there stays as it is: a second run, a second store, a deleted job, a dry run.

use super::dump::{Dump, counts, export_text, import, import_all, job, sample};
use crate::support::{TestApp, Whole};
use callsheet::import::{Options, RecordOutcome};
use entity::{import, import_reject};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

#[on_both]
async fn the_same_id_in_two_stores_is_one_job(bench: TestApp) {
    let first = Dump::json(&json!([job("twice", json!({"status": "failed"}))]));
    let second = Dump::json(&json!([{
        "job_id": "twice", "pipeline_type": "idea2video", "status": "running", "progress": 0.2, "request_data": {},
        "created_at": "2025-06-01T12:00:00", "updated_at": "2025-06-01T12:00:01",
    }]));
    let options = Options::new(vec![first.path.clone(), second.path.clone()]);
    let (report, told) = import_all(&bench, &options).await;
    assert_eq!(
        told.iter().map(|o| &o.kind).collect::<Vec<_>>(),
        [&RecordOutcome::Imported, &RecordOutcome::AlreadyThere]
    );
    assert_eq!(counts(&report), (2, 1, 1, 0));
    assert_eq!(
        bench.get_job("twice").await.unwrap().source.as_deref(),
        Some("vedo-jobs")
    );
}

#[on_both]
async fn a_changed_job_is_not_set_back(bench: TestApp) {
    let dump = Dump::json(&json!([job("a", json!({}))]));
    import(&bench, &dump).await;
    bench.start("a").await;
    let before = bench.whole("a").await;
    before.assert_history_is_whole();
    assert_eq!(counts(&import(&bench, &dump).await), (1, 0, 1, 0));
    assert_eq!(bench.whole("a").await, before);
}

#[on_both]
async fn a_deleted_job_stays_deleted(bench: TestApp) {
    let dump = Dump::json(&json!([job("a", json!({})), job("b", json!({}))]));
    import(&bench, &dump).await;
    bench.delete_job("a", None).await.unwrap();
    for dry_run in [true, false] {
        let (report, told) = import_all(
            &bench,
            &Options {
                dry_run,
                ..dump.options()
            },
        )
        .await;
        let kinds: Vec<_> = told.iter().map(|o| &o.kind).collect();
        assert_eq!(
            kinds,
            [&RecordOutcome::DeletedHere, &RecordOutcome::AlreadyThere]
        );
        assert_eq!(counts(&report), (2, 0, 2, 0));
        assert!(bench.get_job("a").await.is_err());
    }
}

#[on_both]
async fn a_dry_run_tells_all_and_writes_nothing(bench: TestApp) {
    let known = Dump::json(&json!([job("known", json!({}))]));
    import(&bench, &known).await;
    let before = export_text(&bench).await;
    let dump = Dump::json(
        &json!({"known": job("known", json!({})), "new": job("new", json!({})), "bad": null}),
    );
    let files = vec![dump.path.clone(), dump.path.clone()];
    let (report, told) = import_all(
        &bench,
        &Options {
            dry_run: true,
            ..Options::new(files)
        },
    )
    .await;

    assert_eq!(report.import_id, None);
    assert_eq!(
        told.iter()
            .filter(|o| o.kind == RecordOutcome::Imported)
            .count(),
        1
    );
    // In the file's second reading, its new job would be there already.
    assert_eq!(counts(&report), (6, 1, 3, 2));
    assert_eq!(export_text(&bench).await, before);
    let db = bench.database().read();
    assert_eq!(import::Entity::find().count(db).await.unwrap(), 1);
    assert_eq!(import_reject::Entity::find().count(db).await.unwrap(), 0);
}

#[on_both]
async fn an_id_that_stands_twice_in_a_file_counts_once(bench: TestApp) {
    let dump = Dump::json(&json!([
        job("a", json!({})),
        job("a", json!({"status": "failed"}))
    ]));
    for imported in [1, 0] {
        let report = import(&bench, &dump).await;
        assert_eq!(counts(&report), (1, imported, 1 - imported, 0));
    }
    assert_eq!(
        bench.get_job("a").await.unwrap().status,
        entity::JobStatus::Failed
    );
}

/// What a killed run leaves, and more: the rerun does the rest, and the end is that of an
/// undisturbed run.
#[on_both]
async fn a_dump_that_is_cut_off_is_finished_by_the_whole_one(bench: TestApp) {
    let whole = std::fs::read(sample("vedo_jobs.json")).unwrap();
    for end in [whole.len() / 3, whole.len() / 2, whole.len() - 3] {
        let report = import(&bench, &Dump::of(&whole[..end])).await;
        assert_eq!(report.total.rejected, 1);
    }
    let report = import(&bench, &Dump::of(&whole)).await;
    assert_eq!((report.total.found, report.total.rejected), (9, 0));
    let pieces = export_text(&bench).await;
    for line in pieces.lines() {
        let id = serde_json::from_str::<serde_json::Value>(line).unwrap()["job_id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            Whole::of(bench.database().read(), &id).await.kinds(),
            ["imported"]
        );
    }
    let fresh = <TestApp as crate::support::Fixture>::set_up(bench.db.backend).await;
    import(&fresh, &Dump::of(&whole)).await;
    assert_eq!(export_text(&fresh).await, pieces);
    <TestApp as crate::support::Fixture>::tear_down(fresh).await;
}
