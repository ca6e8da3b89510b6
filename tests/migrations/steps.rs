//! One step at a time, and what is said of them.

use super::{dump::schema, refused, up};
use crate::support::TestDb;
use callsheet::db::{
    MigrateError,
    migrate::{Change, migrate, status},
};
use sea_orm::ConnectionTrait;

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
