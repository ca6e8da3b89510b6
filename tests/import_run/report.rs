//! What a run tells: by reason and rule, and in the report's file.

use crate::{
    import::dump::{Dump, import_all, job},
    support::TestApp,
};
use callsheet::import::{self, ImportError, Options, Outcome, RecordOutcome};
use serde_json::{Value, json};

#[on_both]
async fn every_reject_and_repair_is_told(bench: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let report_file = folder.path().join("report.json");
    let dump = Dump::json(&json!({
        "good": job("good", json!({})), "put-right": job("put-right", json!({"progress": 180})), "wrong": 3,
    }));
    let options = Options {
        report: Some(report_file.clone()),
        ..dump.options()
    };
    let (report, _) = import_all(&bench, &options).await;
    let total = &report.total;
    assert_eq!(
        (total.found, total.imported, total.repaired, total.rejected),
        (3, 2, 1, 1)
    );
    assert_eq!(
        total.rules.iter().collect::<Vec<_>>(),
        [(&"progress_put_on_scale", &1)]
    );

    let told: Value = serde_json::from_slice(&std::fs::read(&report_file).unwrap()).unwrap();
    let file = dump.path.display().to_string();
    assert_eq!(told["records"].as_array().unwrap().len(), 2);
    let [repaired, rejected] = [&told["records"][0], &told["records"][1]];
    assert_eq!(
        (&repaired["file"], &repaired["at"], &repaired["outcome"]),
        (&json!(file), &json!("put-right"), &json!("imported"))
    );
    assert_eq!(
        repaired["repairs"][0],
        json!({"field": "progress", "rule": "progress_put_on_scale"})
    );
    assert_eq!(
        (&rejected["at"], &rejected["reason"]),
        (&json!("wrong"), &json!("not_an_object"))
    );
    assert_eq!(
        (
            &told["total"]["repaired"],
            &told["total"]["rejected_by_reason"]["not_an_object"]
        ),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&told["sources"][0]["source"], &told["import_id"]),
        (&json!(file), &json!(report.import_id))
    );

    let run = bench.get_import(&report.import_id.unwrap()).await.unwrap();
    assert_eq!(
        (run.found, run.imported, run.repaired, run.rejected),
        (3, 2, 1, 1)
    );
    let sums = run.report.unwrap();
    assert_eq!(
        (&sums["sources"], &sums["total"]),
        (&told["sources"], &told["total"])
    );
    assert_eq!(
        sums["total"]["repaired_by_rule"],
        json!({"progress_put_on_scale": 1})
    );
    assert!(
        told["rules"]["progress_put_on_scale"]
            .as_str()
            .unwrap()
            .ends_with('.')
    );

    // What came in before is not repaired again.
    let (report, _) = import_all(&bench, &options).await;
    assert_eq!((report.total.already_there, report.total.repaired), (2, 0));
    let told: Value = serde_json::from_slice(&std::fs::read(&report_file).unwrap()).unwrap();
    assert_eq!(told["records"].as_array().unwrap().len(), 1);
}

#[on_both]
async fn a_report_that_cannot_be_written_stops_the_run(bench: TestApp) {
    let dump = Dump::json(&json!([job("a", json!({}))]));
    let options = Options {
        report: Some("/nowhere/report.json".into()),
        ..dump.options()
    };
    let error = import::run(&bench, &options, &mut |_| {})
        .await
        .unwrap_err();
    assert!(matches!(error, ImportError::Report { .. }), "{error}");
    let runs = bench.list_imports(None, 10).await.unwrap();
    assert_eq!(runs[0].status, entity::import::ImportStatus::Failed);
    assert!(bench.get_job("a").await.is_err());
}

#[on_both]
async fn a_stop_leaves_whole_records(bench: TestApp) {
    let records: Vec<_> = (0..20_000)
        .map(|n| job(&format!("job-{n:05}"), json!({})))
        .collect();
    let dump = Dump::json(&records.into());
    let options = dump.options();
    let stop = options.stop.clone();
    let mut told = 0;
    let mut tell = |outcome: &Outcome| {
        assert_eq!(outcome.kind, RecordOutcome::Imported);
        told += 1;
        stop.request();
    };
    let report = import::run(&bench, &options, &mut tell).await.unwrap();
    assert!(
        report.stopped.is_some() && (1..20_000).contains(&told),
        "{told}"
    );
    assert_eq!(report.total.imported, told);
    let run = bench
        .get_import(report.import_id.as_ref().unwrap())
        .await
        .unwrap();
    assert!(run.error.unwrap().starts_with("Stopped on request"));
    assert_eq!(run.imported as u64, told);
    let (rest, _) = import_all(&bench, &dump.options()).await;
    assert_eq!(
        (rest.total.imported, rest.total.already_there),
        (20_000 - told, told)
    );
}

#[on_both]
async fn a_report_that_would_change_a_source_is_refused(bench: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump.json.part");
    let text = json!([job("a", json!({}))]).to_string();
    std::fs::write(&dump, &text).unwrap();
    for (sources, report) in [
        (&dump, "dump.json.part"),
        (&folder.path().to_owned(), "report.json"),
    ] {
        let options = Options {
            report: Some(folder.path().join(report)),
            ..Options::new(vec![sources.clone()])
        };
        let error = import::run(&bench, &options, &mut |_| {})
            .await
            .unwrap_err();
        assert!(matches!(error, ImportError::ReportInSource(_)), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&dump).unwrap(), text);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(bench.list_imports(None, 10).await.unwrap().len(), 0);
}
