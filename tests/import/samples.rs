//! The samples of the three stores: each job comes out as its truth says, and the source stays as it was.

use super::{
    dump::{counts, export_jobs, export_text, import_all, sample},
    truth::differences,
};
use crate::support::{Bench, Whole};
use callsheet::import::{Fate, Options, SourceKind};
use chrono_tz::{America::New_York, Tz};

/// Imports a sample twice and holds it to its truth.
async fn comes_in(bench: &Bench, name: &str, zone: Tz, source: SourceKind) {
    let file = sample(&format!("{name}.json"));
    let before = std::fs::read(&file).unwrap();
    let options = Options { source_tz: zone, ..Options::new(vec![file.clone()]) };

    let (report, told) = import_all(bench, &options).await;
    assert!(told.iter().all(|outcome| outcome.fate == Fate::Imported && outcome.id.is_some()));
    assert_eq!(report.total.found, report.total.imported);
    let jobs = export_jobs(bench).await;
    assert_eq!(differences(&sample(&format!("{name}.truth.json")), &jobs), Vec::<String>::new());
    for job in &jobs {
        assert_eq!((&job["source"], &job["version"]), (&source.name().into(), &1.into()));
        let whole = Whole::of(bench.database().read(), job["job_id"].as_str().unwrap()).await;
        assert_eq!(whole.kinds(), ["imported"]);
    }

    let exported = export_text(bench).await;
    let (report, told) = import_all(bench, &options).await;
    assert!(told.iter().all(|outcome| outcome.fate == Fate::AlreadyThere));
    assert_eq!(counts(&report), (told.len() as u64, 0, told.len() as u64, 0));
    assert_eq!(export_text(bench).await, exported);
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

on_both!(vedo_jobs_come_in, vedo_pipeline_jobs_come_in, the_vedo_cache_comes_in, all_stores_come_in_together);

async fn vedo_jobs_come_in(bench: Bench) {
    comes_in(&bench, "vedo_jobs", New_York, SourceKind::VedoJobs).await;
}

/// The zone is named, and has no effect: the times of this store are UTC.
async fn vedo_pipeline_jobs_come_in(bench: Bench) {
    comes_in(&bench, "vedo_pipeline_jobs", New_York, SourceKind::VedoPipeline).await;
}

async fn the_vedo_cache_comes_in(bench: Bench) {
    comes_in(&bench, "vedo_unified_cache", Tz::UTC, SourceKind::VedoCache).await;
}

async fn all_stores_come_in_together(bench: Bench) {
    let files = ["vedo_jobs.json", "vedo_pipeline_jobs.json", "vedo_unified_cache.json"].map(sample);
    let options = Options { source_tz: New_York, ..Options::new(files.to_vec()) };
    let (report, _) = import_all(&bench, &options).await;
    let imported: Vec<_> = report.files.iter().map(|file| file.counts.imported).collect();
    assert_eq!((imported, counts(&report)), (vec![9, 8, 7], (24, 24, 0, 0)));

    let run = bench.get_import(&report.import_id.unwrap()).await.unwrap().unwrap();
    assert_eq!((run.found, run.imported, run.already_there, run.rejected), (24, 24, 0, 0));
    assert_eq!(run.status, entity::import::ImportStatus::Finished);
    assert_eq!(run.options["source_tz"], "America/New_York");
}
