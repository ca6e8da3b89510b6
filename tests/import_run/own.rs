//! Callsheet's own export comes back as the same rows, whatever the databases.

use crate::{
    import::dump::{Dump, counts, export_text, import, import_all, job, rejected, sample},
    support::{Backend, Fixture, TestApp, any_job, for_good, for_now, refusal},
};
use callsheet::{
    export::{self, Output},
    import::{OnConflict, Options},
    jobs::{
        Idempotency, ItemReport, JobPatch, NewEpisode, NewItem, NewJob, NewJobWebhook, Principal,
        RunBy,
    },
};
use chrono::TimeDelta;
use chrono_tz::America::New_York;
use entity::{ItemStatus, Role, active_job};
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use std::sync::Arc;

/// A database of the other kind.
async fn other(bench: &TestApp) -> TestApp {
    TestApp::set_up(if bench.db.backend == Backend::Sqlite {
        Backend::Postgres
    } else {
        Backend::Sqlite
    })
    .await
}

pub fn nasty() -> Value {
    json!({
        "quotes": "a \"quoted\" \\ back\\slash, {brace} and\na line\t\u{1}", "": "", "NULL": "NULL", "emoji": "🎻é\u{fffd}",
        "numbers": [1e20, 1e16, -1e17, -0.0, 0.1, 33.333333333333336, 1.0, 1, 5e-324, 1e300, 18446744073709551615u64, -9223372036854775808i64],
        "nested": {"b": [null, true, {}], "a": []},
    })
}

pub async fn fill(bench: &TestApp) {
    let files = [
        "vedo_jobs.json",
        "vedo_pipeline_jobs.json",
        "vedo_unified_cache.json",
        "vimax_seko.db",
        "web2img",
        "comic",
        "draftmaker",
    ];
    let options = Options {
        source_tz: New_York,
        ..Options::new(files.map(sample).to_vec())
    };
    import_all(bench, &options).await;
    let (series, another) = (
        bench.series("Night \"trains\"").await,
        bench.series("Another").await,
    );
    let episode = NewEpisode {
        series_id: Some(another),
        title: Some("Home".into()),
        number: Some(1),
    };
    let episode = bench.create_episode(episode, None).await.unwrap().id;
    let elaborate = NewJob {
        job_id: Some("elaborate".into()),
        content: Some(nasty()["quotes"].as_str().unwrap().into()),
        style: Some(String::new()),
        request_data: nasty().as_object().cloned(),
        context: nasty().as_object().cloned(),
        labels: [("team".to_owned(), "a\\\"".to_owned())].into(),
        series_id: Some(series),
        episode_id: Some(episode),
        priority: -3,
        run_at: Some(bench.now() + TimeDelta::microseconds(7)),
        items: vec![
            NewItem {
                key: "one".into(),
                input: Some(nasty()),
            },
            NewItem {
                key: "NULL".into(),
                input: None,
            },
        ],
        ..any_job()
    };
    let caller = Principal {
        key_id: Some("k3x9a2m7".into()),
        name: "render \"farm\"".into(),
        role: Role::Creator,
        ..Principal::anyone()
    };
    bench
        .acting(Arc::new(caller))
        .create_job(
            elaborate,
            Some(Idempotency::new("secret".into(), "create", &json!({}))),
        )
        .await
        .unwrap();
    bench.clock.advance(TimeDelta::milliseconds(1500));
    bench.start("elaborate").await;
    let report = ItemReport {
        key: Some("one".into()),
        idx: None,
        status: ItemStatus::Completed,
        result: Some(nasty()),
        error: None,
    };
    bench
        .report_items("elaborate", vec![report], None)
        .await
        .unwrap();
    let own = NewJob {
        run: RunBy::Creator,
        ..any_job()
    };
    bench.create(own).await;
    // Jobs of one moment, in an order that a locale would change.
    for id in ["B", "a", "A-1", "a_2", "_"] {
        bench.named(id).await;
    }
    bench.start("a").await;
    bench
        .mark_failed("a", for_now("again"), None)
        .await
        .unwrap();
    bench.start("B").await;
    bench
        .mark_failed("B", for_good("broken"), None)
        .await
        .unwrap();
    bench.delete_job("_", None).await.unwrap();
    bench.named("_").await;
    let active = active_job::Model {
        client_id: "tab-1".into(),
        job_id: "elaborate".into(),
        title: Some("Faro".into()),
        created_at: bench.now(),
    };
    active_job::Entity::insert(active.into_active_model())
        .exec_without_returning(bench.database().read())
        .await
        .unwrap();
}

#[on_both]
async fn an_export_comes_back_as_the_same_rows_in_the_other_database(bench: TestApp) {
    fill(&bench).await;
    let exported = export_text(&bench).await;
    let other = other(&bench).await;
    let dump = Dump::of(&exported);
    let report = import(&other, &dump).await;
    let jobs = exported.lines().count() as u64;
    assert_eq!(counts(&report), (jobs, jobs, 0, 0), "{:?}", report.rejects);
    assert_eq!(report.total.repaired, 0);
    let again = export_text(&other).await;
    for (before, after) in exported.lines().zip(again.lines()) {
        assert_eq!(before, after);
    }
    assert_eq!(exported, again);
    for on_conflict in OnConflict::ALL {
        let (report, _) = import_all(
            &other,
            &Options {
                on_conflict,
                ..dump.options()
            },
        )
        .await;
        assert_eq!(counts(&report), (jobs, 0, jobs, 0), "{on_conflict:?}");
    }
    assert_eq!(export_text(&other).await, exported);
    other.tear_down().await;
}

#[on_both]
async fn a_webhook_of_an_exported_job_stays_behind(bench: TestApp) {
    let webhook = NewJobWebhook {
        url: "https://hooks.studio.example/films?token=1".into(),
        kinds: None,
    };
    let new = NewJob {
        job_id: Some("film".into()),
        webhook: Some(webhook),
        ..any_job()
    };
    let job = bench.create(new).await;
    assert!(job.webhook.is_some());
    let exported = export_text(&bench).await;
    assert!(exported.contains("https://hooks.studio.example/films"));
    assert!(!exported.contains("token=1"), "the query may hold a secret");
    let dump = Dump::of(&exported);
    let fresh = TestApp::set_up(bench.db.backend).await;
    import(&fresh, &dump).await;
    assert_eq!(fresh.get_job("film").await.unwrap().webhook, None);
    fresh.tear_down().await;
    for on_conflict in OnConflict::ALL {
        let options = Options {
            on_conflict,
            ..dump.options()
        };
        import_all(&bench, &options).await;
        let kept = bench.get_job("film").await.unwrap();
        assert_eq!(kept.webhook, job.webhook, "{on_conflict:?}");
    }
}

#[on_both]
async fn a_packed_export_is_read_as_well(bench: TestApp) {
    bench.named("a").await;
    let exported = export_text(&bench).await;
    for name in ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let mut out = Output::file(&path).unwrap();
        assert_eq!(export::jsonl(&bench, &mut out).await.unwrap(), 1);
        assert!(!path.exists(), "an export that is not whole has no name");
        out.finish().unwrap();
        let fresh = TestApp::set_up(bench.db.backend).await;
        let (report, _) = import_all(&fresh, &Options::new(vec![path])).await;
        assert_eq!(counts(&report), (1, 1, 0, 0));
        assert_eq!(export_text(&fresh).await, exported);
        fresh.tear_down().await;
    }
}

#[on_both]
async fn a_lease_comes_back_with_a_token_that_nobody_has(bench: TestApp) {
    let leased = bench.leased().await;
    let exported = export_text(&bench).await;
    let fresh = TestApp::set_up(bench.db.backend).await;
    import(&fresh, &Dump::of(&exported)).await;
    let job = fresh.get_job(&leased.id).await.unwrap();
    assert!(job.lease_token.is_some() && job.lease_token != leased.lease_token);
    assert_eq!(export_text(&fresh).await, exported);
    fresh.tear_down().await;
}

#[on_both]
async fn an_export_that_was_tampered_with_is_reported(bench: TestApp) {
    bench.named("a").await;
    let job: Value = serde_json::from_str(&export_text(&bench).await).unwrap();
    bench.delete_job("a", None).await.unwrap();
    for (name, value, reason) in [
        ("version", json!(7), "wrong_type"),
        ("status", json!("done"), "wrong_type"),
        ("style", json!("x".repeat(256)), "wrong_type"),
        ("created_at", json!("yesterday"), "wrong_type"),
        ("progress", json!(180.0), "wrong_type"),
        ("completed_at", json!("2026-01-01T00:00:00Z"), "bad_time"),
        ("job_id", json!(""), "missing_id"),
    ] {
        let mut bad = job.clone();
        bad["job_id"] = json!("b");
        bad[name] = value;
        let report = import(&bench, &Dump::of(bad.to_string())).await;
        assert_eq!(
            report
                .total
                .reasons
                .keys()
                .map(|r| r.as_str())
                .collect::<Vec<_>>(),
            [reason],
            "{name}"
        );
    }
}

/// As the first Callsheet wrote it.
#[on_both]
async fn an_export_without_history_begins_one(bench: TestApp) {
    bench.named("a").await;
    bench.start("a").await;
    let mut exported: Value = serde_json::from_str(&export_text(&bench).await).unwrap();
    for name in ["events", "series", "episode", "active_jobs"] {
        exported.as_object_mut().unwrap().remove(name);
    }
    let fresh = TestApp::set_up(bench.db.backend).await;
    import(&fresh, &Dump::of(exported.to_string())).await;
    let whole = fresh.whole("a").await;
    assert_eq!(
        (whole.kinds(), whole.job.as_ref().unwrap().version),
        (vec!["imported"], 1)
    );
    fresh.tear_down().await;
}

#[on_both]
async fn an_export_of_jobs_that_change_meanwhile_comes_back(bench: TestApp) {
    let ids: Vec<_> = (0..8).map(|n| format!("job-{n}")).collect();
    for id in &ids {
        bench.named(id).await;
    }
    let busy = bench.another().await;
    let changes = tokio::spawn(async move {
        for n in 0..60 {
            for id in &ids {
                let patch = JobPatch {
                    project_title: Some(Some(format!("Take {n}"))),
                    ..JobPatch::default()
                };
                busy.update_job(id, patch, None).await.unwrap();
            }
        }
    });
    while !changes.is_finished() {
        for line in export_text(&bench).await.lines() {
            let job: Value = serde_json::from_str(line).unwrap();
            assert_eq!(
                job["events"].as_array().unwrap().last().unwrap()["seq"],
                job["version"]
            );
        }
    }
    changes.await.unwrap();
}

#[on_both]
async fn a_record_as_deep_as_is_taken_comes_back(bench: TestApp) {
    let lists = |n: usize| "[".repeat(n) + &"]".repeat(n);
    let record = |id: &str, depth: usize| {
        let text = job(id, json!({"extra": "@", "shots": [{"lens": "@"}]})).to_string();
        text.replacen("\"@\"", &lists(depth - 1), 1)
            .replacen("\"@\"", &lists(depth - 3), 1)
    };
    let report = import(
        &bench,
        &Dump::of([record("a", 120), record("b", 121)].join("\n")),
    )
    .await;
    assert_eq!(rejected(&report), [("line 2".to_owned(), "malformed_json")]);
    let exported = export_text(&bench).await;
    let fresh = TestApp::set_up(bench.db.backend).await;
    assert_eq!(
        counts(&import(&fresh, &Dump::of(&exported)).await),
        (1, 1, 0, 0)
    );
    assert_eq!(export_text(&fresh).await, exported);
    fresh.tear_down().await;
}

#[on_both]
async fn what_an_event_keeps_for_an_undo_is_neither_exported_nor_taken_from_a_dump(bench: TestApp) {
    let id = bench.queued().await.id;
    bench.cancel_job(&id, None, None).await.unwrap();
    let text = export_text(&bench).await;
    let mut record: Value = serde_json::from_str(text.trim()).unwrap();
    let last = &mut record["events"][1]["data"];
    assert_eq!(*last, json!({"reason": null}));
    last["before"] = json!({"status": "queued", "priority": 5000, "progress": 1e9});
    let other = other(&bench).await;
    import(&other, &Dump::of(record.to_string())).await;
    let error = refusal(other.undo_job(&id, None).await, "cannot_undo");
    assert!(
        error.to_string().contains("an import brought it"),
        "{error}"
    );
    assert_eq!(other.get_job(&id).await.unwrap().priority, 0);
    other.tear_down().await;
}
