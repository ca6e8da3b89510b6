//! The samples of every store: each job comes out as its truth says, what can't come in is told of,
//! and the source stays as it was.

use super::{
    dump::{counts, export_jobs, export_text, import_all, rejected, sample},
    kept_as_it_was::{Bytes, Copy},
    truth::{differences, listed, read},
};
use crate::support::{TestApp, TestRedis, Whole};
use callsheet::import::{Options, Outcome, RecordOutcome, Report, SourceKind};
use chrono_tz::{America::New_York, Tz};
use entity::active_job;
use sea_orm::EntityTrait;
use std::path::PathBuf;

/// Imports a source twice and holds it to its truth. Answers with what the first run told.
async fn holds(
    bench: &TestApp,
    options: &Options,
    truth: &str,
    source: SourceKind,
) -> (Report, Vec<Outcome>) {
    let truth = sample(&format!("{truth}.truth.json"));
    let (report, told) = import_all(bench, options).await;
    let jobs = export_jobs(bench).await;
    assert_eq!(differences(&truth, &jobs), Vec::<String>::new());
    let of_jobs = |kind: RecordOutcome| {
        told.iter()
            .filter(|outcome| outcome.kind == kind && outcome.id.is_some())
            .count()
    };
    assert_eq!(of_jobs(RecordOutcome::Imported), jobs.len());
    for job in &jobs {
        assert_eq!(
            (&job["source"], &job["version"]),
            (&source.name().into(), &1.into())
        );
        let whole = Whole::of(bench.database().read(), job["job_id"].as_str().unwrap()).await;
        assert_eq!(whole.kinds(), ["imported"]);
    }
    no_secret_is_kept(bench, &report, &truth).await;

    let exported = export_text(bench).await;
    let (again, told_again) = import_all(bench, options).await;
    let (found, imported, _, refused) = counts(&report);
    assert_eq!(counts(&again), (found, 0, imported, refused));
    assert_eq!(
        of_jobs(RecordOutcome::Imported),
        told_again
            .iter()
            .filter(|o| o.kind == RecordOutcome::AlreadyThere)
            .count()
    );
    assert_eq!(export_text(bench).await, exported);
    (report, told)
}

async fn no_secret_is_kept(bench: &TestApp, report: &Report, truth: &std::path::Path) {
    let rejects = bench
        .list_import_rejects(report.import_id.as_ref().unwrap(), None, 1000)
        .await
        .unwrap();
    for secret in listed(&read(truth), "secrets_must_not_appear") {
        let raw = rejects.iter().filter_map(|reject| reject.raw.as_ref());
        assert!(
            !raw.chain(rejects.iter().map(|reject| &reject.detail))
                .any(|text| text.contains(secret))
        );
    }
}

/// Imports a copy of the sample, which has to stay as it is.
async fn comes_in(
    bench: &TestApp,
    name: &str,
    truth: &str,
    zone: Tz,
    source: SourceKind,
) -> Report {
    let copy = Copy::of(&sample(name));
    let before = Bytes::of(&copy.path);
    let options = Options {
        source_tz: zone,
        ..Options::new(vec![copy.path.clone()])
    };
    let (report, _) = holds(bench, &options, truth, source).await;
    assert_eq!(Bytes::of(&copy.path), before);
    report
}

#[on_both]
async fn vedo_jobs_come_in(bench: TestApp) {
    let report = comes_in(
        &bench,
        "vedo_jobs.json",
        "vedo_jobs",
        New_York,
        SourceKind::VedoJobs,
    )
    .await;
    assert_eq!(counts(&report), (9, 9, 0, 0));
}

/// The zone is named, and has no effect: the times of this store are UTC.
#[on_both]
async fn vedo_pipeline_jobs_come_in(bench: TestApp) {
    let name = "vedo_pipeline_jobs";
    let report = comes_in(
        &bench,
        "vedo_pipeline_jobs.json",
        name,
        New_York,
        SourceKind::VedoPipeline,
    )
    .await;
    assert_eq!(counts(&report), (8, 8, 0, 0));
}

#[on_both]
async fn the_vedo_cache_comes_in(bench: TestApp) {
    let name = "vedo_unified_cache";
    let report = comes_in(
        &bench,
        "vedo_unified_cache.json",
        name,
        Tz::UTC,
        SourceKind::VedoCache,
    )
    .await;
    assert_eq!(counts(&report), (7, 7, 0, 0));
}

#[on_both]
async fn the_vedo_table_comes_in(bench: TestApp) {
    let report = comes_in(
        &bench,
        "vimax_seko.db",
        "vimax_seko",
        New_York,
        SourceKind::VedoTable,
    )
    .await;
    assert_eq!(counts(&report), (20, 20, 0, 0));
}

#[on_both]
async fn web2img_comes_in(bench: TestApp) {
    let report = comes_in(&bench, "web2img", "web2img", New_York, SourceKind::Web2img).await;
    assert_eq!(counts(&report), (10, 8, 0, 2));
    let told: Vec<_> = report
        .rejects
        .iter()
        .map(|reject| {
            reject
                .file
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .zip(rejected(&report).into_iter().map(|(_, reason)| reason))
        .collect();
    let wanted = [
        ("batch-68d3692b.json", "truncated_json"),
        ("batch-d60be899.json", "empty_file"),
    ];
    assert_eq!(told, wanted.map(|(file, reason)| (file.to_owned(), reason)));
    let scheduled = bench.get_job("batch-62a67257").await.unwrap();
    assert_eq!(scheduled.run_at.unwrap().timestamp(), 1_751_781_600);
}

#[on_both]
async fn topclip_comes_in(bench: TestApp) {
    let mut redis = TestRedis::empty().await;
    redis.load(&read(&sample("topclip/redis_dump.json"))).await;
    let before = redis.contents().await;
    let options = Options {
        source_tz: New_York,
        ..Options::new(vec![PathBuf::from(&redis.url)])
    };
    let (report, _) = holds(&bench, &options, "topclip", SourceKind::Topclip).await;
    assert_eq!(counts(&report), (10, 9, 0, 1));
    assert_eq!(
        rejected(&report),
        [(
            "clips:8a2a551f-85bc-4873-a36b-fee7db1e883e".to_owned(),
            "orphan"
        )]
    );
    assert_eq!(redis.contents().await, before);
}

#[on_both]
async fn comic_comes_in(bench: TestApp) {
    let report = comes_in(&bench, "comic", "comic", New_York, SourceKind::Comic).await;
    assert_eq!(counts(&report), (9, 8, 0, 1));
    assert_eq!(
        rejected(&report),
        [("a0b2d975-29e5-485b-8894-4e85d4a96aca".to_owned(), "orphan")]
    );
    assert!(report.rejects[0].kind.to_string().contains("2 results"));
    let active = active_job::Entity::find()
        .all(bench.database().read())
        .await
        .unwrap();
    let truth = read(&sample("comic.truth.json"));
    assert_eq!(active.len(), 1);
    assert_eq!(
        (active[0].job_id.as_str(), active[0].title.as_deref()),
        (
            truth["active_job"][0].as_str().unwrap(),
            truth["active_job"][1].as_str()
        )
    );
}

#[on_both]
async fn draftmaker_comes_in(bench: TestApp) {
    let report = comes_in(
        &bench,
        "draftmaker",
        "draftmaker",
        New_York,
        SourceKind::Draftmaker,
    )
    .await;
    assert_eq!(counts(&report), (8, 8, 0, 0));
    let text = export_text(&bench).await;
    for upc in listed(
        &read(&sample("draftmaker.truth.json")),
        "must_be_preserved_verbatim",
    ) {
        assert!(text.contains(&format!("\"{upc}\"")), "{upc}");
    }
    let recovered = bench.get_job("batch_20250826_163930_865856").await.unwrap();
    let repairs = recovered.context.unwrap()["repairs"].to_string();
    assert!(
        repairs.contains("counter_recomputed") && repairs.contains("successful_upcs"),
        "{repairs}"
    );
}

#[on_both]
async fn all_dicts_come_in_together(bench: TestApp) {
    let files = [
        "vedo_jobs.json",
        "vedo_pipeline_jobs.json",
        "vedo_unified_cache.json",
    ]
    .map(sample);
    let options = Options {
        source_tz: New_York,
        ..Options::new(files.to_vec())
    };
    let (report, _) = import_all(&bench, &options).await;
    let imported: Vec<_> = report
        .files
        .iter()
        .map(|file| file.counts.imported)
        .collect();
    assert_eq!((imported, counts(&report)), (vec![9, 8, 7], (24, 24, 0, 0)));

    let run = bench.get_import(&report.import_id.unwrap()).await.unwrap();
    assert_eq!(
        (run.found, run.imported, run.already_there, run.rejected),
        (24, 24, 0, 0)
    );
    assert_eq!(run.status, entity::import::ImportStatus::Finished);
    assert_eq!(run.options["source_tz"], "America/New_York");
}

#[on_both]
async fn the_dict_and_the_table_are_one_in_either_order(bench: TestApp) {
    let mut files = vec![sample("vedo_jobs.json"), sample("vimax_seko.db")];
    for counted in [[9, 11], [20, 0]] {
        let bench = <TestApp as crate::support::Fixture>::set_up(bench.db.backend).await;
        let options = Options {
            source_tz: New_York,
            ..Options::new(files.clone())
        };
        let (report, _) = import_all(&bench, &options).await;
        assert_eq!(
            report
                .files
                .iter()
                .map(|file| file.counts.imported)
                .collect::<Vec<_>>(),
            counted
        );
        assert_eq!(counts(&report), (29, 20, 9, 0));
        assert_eq!(export_jobs(&bench).await.len(), 20);
        <TestApp as crate::support::Fixture>::tear_down(bench).await;
        files.reverse();
    }
}

/// Each of the files by itself, in one run.
#[on_both]
async fn what_is_adversarial_comes_in_or_is_told_of(bench: TestApp) {
    let copy = Copy::of(&sample("adversarial"));
    let before = Bytes::of(&copy.path);
    let mut files: Vec<_> = copy
        .path
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let options = Options {
        source_tz: New_York,
        ..Options::new(files)
    };
    let (report, _) = import_all(&bench, &options).await;
    assert_eq!(
        differences(
            &sample("adversarial.truth.json"),
            &export_jobs(&bench).await
        ),
        Vec::<String>::new()
    );
    let named = |file: &std::path::Path| file.file_name().unwrap().to_str().unwrap().to_owned();
    let told: Vec<_> = report
        .rejects
        .iter()
        .map(|o| named(&o.file))
        .zip(rejected(&report))
        .collect();
    let wanted = [
        ("bad_among_good.json", "x-null", "not_an_object"),
        ("bad_among_good.json", "x-text", "not_an_object"),
        ("bad_among_good.json", "x-list", "not_an_object"),
        ("bad_among_good.json", "x-empty", "unknown_shape"),
        (
            "duplicate_keys.json",
            "7d000000-0000-4000-9000-000000000005",
            "duplicate_id",
        ),
        ("empty.json", "", "empty_file"),
        ("mixed_shapes.json", "[1]", "unknown_shape"),
        (
            "truncated.json",
            "7d000000-0000-4000-9000-000000000002",
            "truncated_json",
        ),
        (
            "unknown_status.json",
            "7d000000-0000-4000-9000-00000000000c",
            "unknown_status",
        ),
        ("unrelated.db", "", "unknown_shape"),
    ];
    assert_eq!(
        told,
        wanted.map(|(file, key, reason)| (file.to_owned(), (key.to_owned(), reason)))
    );
    let twice = bench
        .get_job("7d000000-0000-4000-9000-000000000005")
        .await
        .unwrap();
    assert_eq!(twice.status, entity::JobStatus::Completed);
    let exported = export_text(&bench).await;
    assert_eq!(import_all(&bench, &options).await.0.total.imported, 0);
    assert_eq!(export_text(&bench).await, exported);
    assert_eq!(Bytes::of(&copy.path), before);
}
