//! What becomes of a job that is there already.

use crate::{
    import::dump::{Dump, counts, import, import_all, job},
    support::{TestApp, any_job, at_once, for_good},
};
use callsheet::{
    import::{OnConflict, Options, RecordOutcome, Report},
    jobs::{NewEpisode, NewJob},
};
use serde_json::{Value, json};

fn options(dump: &Dump, on_conflict: OnConflict) -> Options {
    Options {
        on_conflict,
        ..dump.options()
    }
}

async fn again(bench: &TestApp, dump: &Dump, on_conflict: OnConflict) -> Report {
    import_all(bench, &options(dump, on_conflict)).await.0
}

fn merged(report: &Report) -> (u64, u64, u64, u64) {
    let c = &report.total;
    (c.imported, c.merged, c.overwritten, c.already_there)
}

fn shots() -> Value {
    json!([{"shot_idx": 0, "status": "completed", "visual_desc": "a pier"}, {"shot_idx": 1, "status": "pending"}])
}

#[on_both]
async fn merging_fills_what_the_job_lacks_and_nothing_else(bench: TestApp) {
    let context = json!({"legacy": {"tenant": 1}}).as_object().cloned();
    let stored = NewJob {
        job_id: Some("a".into()),
        style: Some("Noir".into()),
        context,
        ..any_job()
    };
    let before = bench.create(stored).await;
    let record = job(
        "a",
        json!({"tenant": 7, "rank": 2, "current_stage": "Developing story", "shots": shots()}),
    );
    let dump = Dump::json(&json!([record]));

    assert_eq!(
        merged(&again(&bench, &dump, OnConflict::Skip).await),
        (0, 0, 0, 1)
    );
    bench.whole("a").await.assert_history_is_whole();
    assert_eq!(bench.get_job("a").await.unwrap(), before);

    let (report, told) = import_all(&bench, &options(&dump, OnConflict::Merge)).await;
    assert_eq!(
        (merged(&report), &told[0].kind),
        ((0, 1, 0, 0), &RecordOutcome::Merged)
    );
    let whole = bench.whole("a").await;
    whole.assert_history_is_whole();
    assert_eq!(whole.kinds(), ["created", "merged"]);
    let after = whole.job.clone().unwrap();
    assert_eq!((after.style.as_deref(), after.version), (Some("Noir"), 2));
    assert_eq!(
        after.content.as_deref(),
        Some("A fox learns to ride the night train")
    );
    assert_eq!(
        after.context,
        Some(json!({"legacy": {"tenant": 1, "rank": 2}}))
    );
    assert_eq!(
        (after.created_at, &after.working_dir),
        (before.created_at, &before.working_dir)
    );
    assert_eq!(
        (after.total_shots, after.completed_shots, whole.items.len()),
        (2, 1, 2)
    );
    let told = whole.events[1].data.as_ref().unwrap();
    assert_eq!(told["import_id"], json!(report.import_id));

    assert_eq!(
        merged(&again(&bench, &dump, OnConflict::Merge).await),
        (0, 0, 0, 1)
    );
    assert_eq!(bench.whole("a").await, whole);
}

#[on_both]
async fn merging_tells_nothing_of_another_state(bench: TestApp) {
    bench.named("a").await;
    bench.start("a").await;
    bench.mark_completed("a", None, None).await.unwrap();
    let dump = Dump::json(&json!([job(
        "a",
        json!({"status": "failed", "error": "boom", "shots": shots()})
    )]));
    again(&bench, &dump, OnConflict::Merge).await;
    let whole = bench.whole("a").await;
    let after = whole.job.unwrap();
    assert_eq!((after.error_message, whole.items.len()), (None, 0));
    assert_eq!(after.mode.as_deref(), Some("idea"));
}

#[on_both]
async fn overwriting_takes_the_jobs_place(bench: TestApp) {
    bench.named("a").await;
    bench.start("a").await;
    bench
        .mark_failed("a", for_good("broken"), None)
        .await
        .unwrap();
    let dump = Dump::json(&json!([
        job("a", json!({"status": "completed", "shots": shots()})),
        job("b", json!({}))
    ]));
    assert_eq!(
        merged(&again(&bench, &dump, OnConflict::Overwrite).await),
        (1, 0, 1, 0)
    );
    let whole = bench.whole("a").await;
    let after = whole.job.clone().unwrap();
    assert_eq!(
        (
            after.status.to_string().as_str(),
            after.error_message.as_deref()
        ),
        ("completed", None)
    );
    assert_eq!(
        (after.version, after.source.as_deref(), whole.items.len()),
        (4, Some("vedo-jobs"), 2)
    );
    assert_eq!(
        whole.kinds(),
        ["created", "started", "failed", "overwritten"]
    );
    assert_eq!(whole.events[3].seq, 4);

    assert_eq!(
        merged(&again(&bench, &dump, OnConflict::Overwrite).await),
        (0, 0, 0, 2)
    );
    assert_eq!(bench.whole("a").await, whole);

    let fewer = Dump::json(&json!([job("a", json!({"status": "completed"}))]));
    assert_eq!(
        merged(&again(&bench, &fewer, OnConflict::Overwrite).await),
        (0, 0, 1, 0)
    );
    assert_eq!(bench.whole("a").await.items, []);
}

#[on_both]
async fn a_deleted_job_comes_back_only_by_overwriting(bench: TestApp) {
    let dump = Dump::json(&json!([job("a", json!({}))]));
    import(&bench, &dump).await;
    bench.delete_job("a", None).await.unwrap();
    for on_conflict in [OnConflict::Skip, OnConflict::Merge] {
        assert_eq!(
            merged(&again(&bench, &dump, on_conflict).await),
            (0, 0, 0, 1)
        );
        assert!(bench.get_job("a").await.is_err());
    }
    assert_eq!(
        merged(&again(&bench, &dump, OnConflict::Overwrite).await),
        (1, 0, 0, 0)
    );
    let whole = bench.whole("a").await;
    assert_eq!(
        (whole.kinds(), whole.job.as_ref().unwrap().version),
        (vec!["deleted", "imported"], 3)
    );
}

#[on_both]
async fn records_of_one_id_in_one_batch_meet_each_other(bench: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let other = json!({
        "job_id": "a", "pipeline_type": "idea2video", "status": "pending", "progress": 0.0, "request_data": {},
        "created_at": "2025-06-01T12:00:00", "updated_at": "2025-06-01T12:00:01", "video_path": "v.mp4",
    });
    for (name, record) in [("1.json", job("a", json!({}))), ("2.json", other)] {
        std::fs::write(folder.path().join(name), json!([record]).to_string()).unwrap();
    }
    let options = Options {
        on_conflict: OnConflict::Merge,
        ..Options::new(vec![folder.path().to_owned()])
    };
    let (report, told) = import_all(&bench, &options).await;
    assert_eq!(
        told.iter().map(|o| &o.kind).collect::<Vec<_>>(),
        [&RecordOutcome::Imported, &RecordOutcome::Merged]
    );
    assert_eq!(counts(&report), (2, 1, 0, 0));
    let after = bench.get_job("a").await.unwrap();
    assert_eq!(
        (after.version, after.source.as_deref()),
        (2, Some("vedo-jobs"))
    );
    assert_eq!(after.result_data.unwrap()["video_path"], "v.mp4");
}

#[on_both]
async fn a_dry_run_foresees_the_same(bench: TestApp) {
    bench.named("a").await;
    let dump = Dump::json(&json!([
        job("a", json!({"status": "failed", "error": "boom"})),
        job("b", json!({}))
    ]));
    for (on_conflict, foreseen) in [
        (OnConflict::Merge, (1, 1, 0, 0)),
        (OnConflict::Overwrite, (1, 0, 1, 0)),
    ] {
        let before = bench.whole("a").await;
        let dry = Options {
            dry_run: true,
            ..options(&dump, on_conflict)
        };
        assert_eq!(merged(&import_all(&bench, &dry).await.0), foreseen);
        assert_eq!(bench.whole("a").await, before);
    }
}

#[on_both]
async fn merging_keeps_the_series_and_episode_of_the_job(bench: TestApp) {
    let (series, another) = (
        bench.series("Night trains").await,
        bench.series("Another").await,
    );
    let episode = NewEpisode {
        series_id: Some(series.clone()),
        title: None,
        number: Some(1),
    };
    let episode = bench.create_episode(episode, None).await.unwrap().id;
    let links = (Some(series.clone()), Some(episode.clone()));
    for (id, named) in [
        ("a", json!({})),
        ("b", json!({"series_id": another})),
        ("c", json!({"series_id": "gone"})),
    ] {
        let (series_id, episode_id) = links.clone();
        bench
            .create(NewJob {
                job_id: Some(id.into()),
                series_id,
                episode_id,
                ..any_job()
            })
            .await;
        let report = again(
            &bench,
            &Dump::json(&json!([job(id, named)])),
            OnConflict::Merge,
        )
        .await;
        assert_eq!(merged(&report), (0, 1, 0, 0));
        let after = bench.get_job(id).await.unwrap();
        assert_eq!(
            (after.style.as_deref(), &(after.series_id, after.episode_id)),
            (Some("Cartoon style"), &links)
        );
    }
}

#[on_both]
async fn a_link_that_leads_nowhere_is_no_change(bench: TestApp) {
    let dump = Dump::json(&json!([job(
        "a",
        json!({"series_id": "gone", "episode_id": "gone"})
    )]));
    import(&bench, &dump).await;
    let before = bench.whole("a").await;
    assert_eq!(
        before.job.as_ref().unwrap().context.as_ref().unwrap()["legacy"]["series_id"],
        "gone"
    );
    for on_conflict in OnConflict::ALL {
        assert_eq!(
            merged(&again(&bench, &dump, on_conflict).await),
            (0, 0, 0, 1),
            "{on_conflict:?}"
        );
        assert_eq!(bench.whole("a").await, before);
    }
}

#[on_both]
async fn two_imports_of_one_dump_share_its_records(bench: TestApp) {
    const RECORDS: usize = 4000;
    let records: Vec<_> = (0..RECORDS)
        .map(|n| job(&format!("job-{n:05}"), json!({})))
        .collect();
    let dump = Dump::json(&records.into());
    let run = |jobs: callsheet::jobs::JobManager| {
        let options = dump.options();
        async move {
            callsheet::import::run(&jobs, &options, &mut |_| {})
                .await
                .unwrap()
                .total
        }
    };
    let totals = at_once([run(bench.another().await), run(bench.another().await)]).await;
    assert!(totals.iter().all(|total| total.rejected == 0), "{totals:?}");
    let sum = |count: fn(&callsheet::import::Counts) -> u64| totals.iter().map(count).sum::<u64>();
    assert_eq!(
        (sum(|t| t.imported), sum(|t| t.already_there)),
        (RECORDS as u64, RECORDS as u64)
    );
}
