//! One step at a time, and what is said of them.

use super::{dump::schema, refused, up};
use crate::support::{Server, TestDb, callsheet};
use callsheet::{
    cli::doctor::{Limits, check_database},
    clock::{Clock, SystemClock},
    db::{
        MigrateError,
        migrate::{Change, migrate, newer_step, plan, preview, status},
    },
};
use migration::{SchemaManager, needs_binary};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

#[on_both]
async fn each_step_goes_up_and_down_and_up_again(t: TestDb) {
    let db = t.connect().await;
    let one_up = Change::Up { limit: Some(1) };
    migrate(&db, Change::Up { limit: Some(0) }).await.unwrap();
    let mut before = schema(&t).await;
    loop {
        let step = migrate(&db, one_up).await.unwrap();
        if step.is_empty() {
            break;
        }
        let after = schema(&t).await;
        assert_eq!(migrate(&db, Change::Down { limit: 1 }).await.unwrap(), step);
        assert_eq!(schema(&t).await, before, "down from {step:?}");
        assert_eq!(migrate(&db, one_up).await.unwrap(), step);
        assert_eq!(schema(&t).await, after, "up again to {step:?}");
        before = after;
    }
    assert!(migration::TABLES.iter().all(|table| before.contains(table)));
}

#[on_both]
async fn the_status_tells_applied_from_pending_and_writes_nothing(t: TestDb) {
    let db = t.connect().await;
    let empty = schema(&t).await;
    assert!(status(&db).await.unwrap().iter().all(|step| !step.applied));
    assert_eq!(schema(&t).await, empty);
    let taken = migrate(&db, Change::Up { limit: Some(3) }).await.unwrap();
    let steps = status(&db).await.unwrap();
    assert_eq!(steps.len(), super::steps());
    let applied: Vec<_> = steps
        .into_iter()
        .filter(|step| step.applied)
        .map(|step| step.name)
        .collect();
    assert_eq!(applied, taken);
}

#[test]
fn the_names_of_the_steps_sort_in_their_order_and_end_in_their_tables() {
    let steps = <migration::Migrator as migration::MigratorTrait>::get_migration_files();
    let names: Vec<_> = steps.iter().map(migration::Migration::name).collect();
    assert!(names.is_sorted(), "{names:?}");
    let tables: Vec<_> = names
        .iter()
        .map(|name| name.split_once('_').unwrap().1)
        .collect();
    assert_eq!(tables, migration::TABLES);
}

#[on_both]
async fn a_database_of_a_newer_callsheet_is_left_alone(t: TestDb) {
    let db = t.connect().await;
    up(&db).await;
    let raw = t.raw().await;
    let later = "INSERT INTO callsheet_migrations (version, applied_at) VALUES ('s9999_later', 0)";
    raw.execute_unprepared(later).await.unwrap();
    let before = schema(&t).await;
    for change in [
        super::UP,
        Change::Down { limit: 1 },
        Change::Reset,
        Change::Refresh,
        Change::Fresh,
    ] {
        let error = refused(&db, change).await;
        assert!(
            matches!(error, MigrateError::Newer(_)),
            "{change:?}: {error:?}"
        );
        assert!(error.to_string().contains("s9999_later"), "{error}");
    }
    assert_eq!(schema(&t).await, before);
}

/// A database on which a made-up later step was applied, which names the oldest version that may
/// run on it, and has a column, an event and a table that this version does not know.
async fn with_later_step(t: &TestDb, oldest: &str) {
    let db = t.connect().await;
    up(&db).await;
    db.close().await.unwrap();
    let raw = t.raw().await;
    needs_binary(&SchemaManager::new(&raw), oldest)
        .await
        .unwrap();
    for sql in [
        "INSERT INTO callsheet_migrations (version, applied_at) VALUES ('s9999_later', 0)",
        "ALTER TABLE video_generation_jobs ADD COLUMN later VARCHAR(20) DEFAULT 'x'",
        "ALTER TABLE job_events ADD COLUMN later VARCHAR(20) DEFAULT 'x'",
        "CREATE TABLE later (id INTEGER)",
    ] {
        raw.execute_unprepared(sql).await.unwrap();
    }
    raw.close().await.unwrap();
}

#[on_both]
async fn a_version_that_is_new_enough_runs_on_a_newer_schema_and_never_changes_it(t: TestDb) {
    with_later_step(&t, env!("CARGO_PKG_VERSION")).await;
    let before = schema(&t).await;
    let db = t.connect().await;
    assert_eq!(up(&db).await, Vec::<String>::new());
    assert!(status(&db).await.unwrap().iter().all(|step| step.applied));
    let newer = newer_step(&db).await.unwrap();
    assert_eq!(newer.as_deref(), Some("s9999_later"));
    assert!(plan(&db).await.unwrap().steps.is_empty());
    for change in [
        Change::Down { limit: 1 },
        Change::Reset,
        Change::Refresh,
        Change::Fresh,
    ] {
        let error = refused(&db, change).await;
        assert!(matches!(error, MigrateError::Newer(_)), "{error:?}");
        assert!(preview(&db, change).await.is_err(), "{change:?}");
    }
    db.close().await.unwrap();
    assert_eq!(schema(&t).await, before);
    let server = Server::start(&t.url).await;
    let made = server.client.post(server.at("/api/v1/jobs"));
    let made = made.json(&json!({"job_type": "idea2video"})).send();
    let made: Value = made.await.unwrap().json().await.unwrap();
    let job = made["job_id"].as_str().unwrap();
    let raw = t.raw().await;
    let event = "INSERT INTO job_events (job_id, seq, kind, status, progress, total_shots, \
        completed_shots, created_at) SELECT job_id, 2, 'zipped', status, progress, total_shots, \
        completed_shots, created_at FROM job_events WHERE seq = 1";
    raw.execute_unprepared(event).await.unwrap();
    raw.close().await.unwrap();
    let path = server.at(&format!("/api/v1/jobs/{job}/events"));
    let events = server.client.get(path).send().await.unwrap();
    let events: Value = events.json().await.unwrap();
    assert_eq!(events["events"][1]["kind"], "zipped", "{events}");
    let said = callsheet(&["export", "--database-url", &t.url])
        .output()
        .await
        .unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).contains("zipped"));
    let found = check_database(&t.url, SystemClock.now(), &Limits::default(), false).await;
    let found: Vec<_> = found.iter().map(|one| one.id).collect();
    assert!(found.contains(&"schema.newer"), "{found:?}");
    assert!(!found.contains(&"schema.changed"), "{found:?}");
    assert_eq!(server.stop("TERM").await.code(), Some(0));
    assert_eq!(schema(&t).await, before);
}

#[on_both]
async fn a_version_that_is_too_old_for_the_schema_does_not_start_on_it(t: TestDb) {
    with_later_step(&t, "99.0.0").await;
    let before = schema(&t).await;
    for args in [&["serve", "--listen", "127.0.0.1:0"][..], &["jobs", "list"]] {
        let args = [args, &["--database-url", &t.url]].concat();
        let said = callsheet(&args).output().await.unwrap();
        let sentence = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said.status.code(), Some(1), "{args:?}: {sentence}");
        for part in [
            "s9999_later",
            "99.0.0",
            env!("CARGO_PKG_VERSION"),
            "install",
        ] {
            assert!(sentence.contains(part), "{part}: {sentence}");
        }
    }
    assert_eq!(schema(&t).await, before);
}

#[on_both]
async fn a_step_that_fails_takes_all_steps_of_the_call_with_it(t: TestDb) {
    let raw = t.raw().await;
    raw.execute_unprepared("CREATE TABLE import_rejects (mine INTEGER)")
        .await
        .unwrap();
    let before = schema(&t).await;
    let db = t.connect().await;
    let error = refused(&db, super::UP).await;
    assert!(error.to_string().contains("import_rejects"), "{error}");
    assert_eq!(schema(&t).await, before);
}
