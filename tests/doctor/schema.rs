//! Faults of the schema.

use super::{break_it, ids, limits};
use crate::support::{Backend, TestApp, TestDb};
use callsheet::{
    cli::doctor::check_database,
    clock::{Clock, SystemClock},
    db::{
        describe_schema,
        migrate::{Change, migrate},
    },
};

#[on_both]
async fn a_step_that_was_not_applied(db: TestDb) {
    let open = db.connect().await;
    migrate(&open, Change::Up { limit: Some(16) })
        .await
        .unwrap();
    open.close().await.unwrap();
    assert_eq!(ids(&db.url, SystemClock.now()).await, ["schema.pending"]);
}

#[on_both]
async fn a_database_without_a_schema(db: TestDb) {
    if db.backend == Backend::Sqlite {
        break_it(&db, &["CREATE TABLE other (x)"]).await;
    }
    assert_eq!(ids(&db.url, SystemClock.now()).await, ["schema.pending"]);
}

#[on_both]
async fn a_schema_of_a_newer_version(t: TestApp) {
    let sql = "INSERT INTO callsheet_migrations (version, applied_at) VALUES ('s9999_later', 1)";
    break_it(&t.db, &[sql]).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["schema.refused"]);
}

#[on_both]
async fn tables_that_callsheet_did_not_make(db: TestDb) {
    break_it(&db, &["CREATE TABLE queues (x integer)"]).await;
    assert_eq!(ids(&db.url, SystemClock.now()).await, ["schema.refused"]);
}

#[on_both]
async fn a_missing_index(t: TestApp) {
    break_it(&t.db, &["DROP INDEX idx_job_processing"]).await;
    let found = check_database(&t.db.url, t.now(), &limits(), false).await;
    let one = found.iter().find(|one| one.id == "schema.missing").unwrap();
    assert_eq!(one.what, "The schema lacks index idx_job_processing.");
}

#[on_both]
async fn a_missing_table(t: TestApp) {
    break_it(&t.db, &["DROP TABLE write_probes"]).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["schema.missing"]);
}

#[on_both]
async fn a_missing_column(t: TestApp) {
    break_it(
        &t.db,
        &["ALTER TABLE job_actions DROP COLUMN after_outcome"],
    )
    .await;
    let expected = match t.db.backend {
        Backend::Sqlite => "schema.changed",
        Backend::Postgres => "schema.missing",
    };
    assert_eq!(ids(&t.db.url, t.now()).await, [expected]);
}

#[on_both]
async fn a_missing_trigger(t: TestApp) {
    let sql = match t.db.backend {
        Backend::Sqlite => "DROP TRIGGER trg_job_counts_update",
        Backend::Postgres => "DROP TRIGGER trg_job_counts_update ON video_generation_jobs",
    };
    break_it(&t.db, &[sql]).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["schema.missing"]);
}

#[on_both]
async fn an_index_on_something_else(t: TestApp) {
    let other = "CREATE INDEX idx_job_processing ON video_generation_jobs (id)";
    break_it(&t.db, &["DROP INDEX idx_job_processing", other]).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["schema.changed"]);
}

#[on_both]
async fn an_index_of_the_operator_is_no_fault(t: TestApp) {
    break_it(
        &t.db,
        &["CREATE INDEX mine ON video_generation_jobs (mode)"],
    )
    .await;
    assert_eq!(ids(&t.db.url, t.now()).await, Vec::<&str>::new());
}

#[on_both]
async fn a_trigger_of_someone_else(t: TestApp) {
    let statements: &[&str] = match t.db.backend {
        Backend::Sqlite => &["CREATE TRIGGER theirs AFTER INSERT ON queues BEGIN SELECT 1; END"],
        Backend::Postgres => &[
            "CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER theirs AFTER INSERT ON queues FOR EACH ROW EXECUTE FUNCTION theirs()",
        ],
    };
    break_it(&t.db, statements).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["schema.foreign_trigger"]);
}

#[on_postgres]
async fn an_index_that_was_left_invalid(t: TestApp) {
    let sql = "UPDATE pg_index SET indisvalid = false \
        WHERE indexrelid = 'idx_job_processing'::regclass";
    break_it(&t.db, &[sql]).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["schema.invalid_index"]);
}

#[on_postgres]
async fn a_disabled_trigger(t: TestApp) {
    let sql = "ALTER TABLE video_generation_jobs DISABLE TRIGGER trg_job_labels_update";
    break_it(&t.db, &[sql]).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["schema.disabled_trigger"]);
}

#[on_postgres]
async fn the_embedded_schema_is_the_one_that_the_steps_make(t: TestApp) {
    let raw = t.db.raw().await;
    let made = describe_schema(&raw).await.unwrap();
    raw.close().await.unwrap();
    let embedded = include_str!("../../src/db/connection/inspect/schema_postgres.txt");
    if made != embedded {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/schema_postgres.txt");
        std::fs::write(path, made).unwrap();
        panic!("copy {path} to src/db/connection/inspect/schema_postgres.txt");
    }
}
