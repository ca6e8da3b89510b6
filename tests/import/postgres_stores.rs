//! Stores whose jobs are in PostgreSQL.

use super::{
    dump::{counts, export_jobs, import_all, sample},
    kept_as_it_was::Copy,
    sqlite_files::open,
    truth::differences,
};
use crate::support::{Backend, Fixture, TestApp, TestDb};
use callsheet::import::Options;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::Value;
use std::path::Path;

/// Copies the rows of a sample, as its ORM would have written them there.
async fn fill(store: &DatabaseConnection, ddl: &str, table: &str, rows: &[Value]) {
    store.execute_unprepared(ddl).await.unwrap();
    let rows = Value::from(rows).to_string().replace('\'', "''");
    let sql = format!(
        "INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, '{rows}')"
    );
    store.execute_unprepared(&sql).await.unwrap();
}

async fn sqlite_rows(file: &Path, sql: &str) -> Vec<Value> {
    let conn = open(file).await;
    let rows = conn
        .query_all_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Sqlite,
            sql,
        ))
        .await
        .unwrap();
    let rows = rows
        .iter()
        .map(|row| serde_json::from_str(&row.try_get::<String>("", "row").unwrap()).unwrap())
        .collect();
    conn.close().await.unwrap();
    rows
}

#[on_both]
async fn the_vedo_table_comes_from_postgres(bench: TestApp) {
    let columns = [
        "id",
        "job_type",
        "mode",
        "status",
        "content",
        "user_requirement",
        "style",
        "project_title",
    ];
    let others = [
        "progress",
        "current_stage",
        "working_dir",
        "error_message",
        "total_shots",
        "completed_shots",
        "episode_id",
        "series_id",
        "created_at",
        "updated_at",
        "started_at",
        "completed_at",
    ];
    let pairs: Vec<_> = columns
        .iter()
        .chain(&others)
        .map(|c| format!("'{c}', {c}"))
        .collect();
    // PostgreSQL's json takes no NaN; the store could not have written one there.
    let sql = format!(
        "SELECT json_object({}, 'request_data', json(request_data), 'result_data', \
        json(replace(result_data, 'NaN', 'null'))) AS row FROM video_generation_jobs",
        pairs.join(", ")
    );
    let work = Copy::of(&sample("vimax_seko.db"));
    let rows = sqlite_rows(&work.path, &sql).await;
    let store = TestDb::empty(Backend::Postgres).await;
    let ddl = "CREATE TABLE video_generation_jobs (id varchar(36) PRIMARY KEY, job_type varchar(50) NOT NULL, mode varchar(20), \
               status varchar(50), content text, user_requirement text, style varchar(255), project_title varchar(255), \
               request_data json, context json, progress float, current_stage varchar(255), working_dir varchar(500), \
               result_data json, error_message text, total_shots int, completed_shots int, episode_id varchar(36), \
               series_id varchar(36), created_at timestamp, updated_at timestamp, started_at timestamp, completed_at timestamp)";
    let conn = store.raw().await;
    fill(&conn, ddl, "video_generation_jobs", &rows).await;
    let (report, _) = import_all(&bench, &Options::new(vec![store.url.clone().into()])).await;
    assert_eq!(counts(&report), (20, 20, 0, 0), "{:?}", report.rejects);
    assert_eq!(
        differences(&sample("vimax_seko.truth.json"), &export_jobs(&bench).await),
        Vec::<String>::new()
    );
    let (report, _) = import_all(&bench, &Options::new(vec![store.url.clone().into()])).await;
    assert_eq!(counts(&report), (20, 0, 20, 0));
    conn.close().await.unwrap();
    store.tear_down().await;
}

#[on_both]
async fn comic_comes_from_postgres(bench: TestApp) {
    let sql = "SELECT json_object('job_id', job_id, 'status', upper(status), 'total_items', total_items, \
               'processed_items', processed_items, 'error', error, 'created_at', created_at, 'started_at', started_at, \
               'completed_at', completed_at, 'results', (SELECT json_group_array(json_object('item', item, 'success', \
               json(iif(success, 'true', 'false')), 'error', error, 'details', json(details))) FROM job_results AS r \
               WHERE r.job_id = j.job_id)) AS row FROM jobs AS j";
    let work = Copy::of(&sample("comic"));
    let rows = sqlite_rows(&work.path.join("jobs.db"), sql).await;
    let store = TestDb::empty(Backend::Postgres).await;
    let ddl = "CREATE TYPE jobstatus AS ENUM ('QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'); \
               CREATE TABLE jobs (job_id varchar(36) PRIMARY KEY, status jobstatus NOT NULL, total_items int NOT NULL, \
               processed_items int, error text, created_at float8 NOT NULL, started_at float8, completed_at float8, results text)";
    let conn = store.raw().await;
    fill(&conn, ddl, "jobs", &rows).await;
    let (report, _) = import_all(&bench, &Options::new(vec![store.url.clone().into()])).await;
    assert_eq!(counts(&report), (8, 8, 0, 0), "{:?}", report.rejects);
    let mut jobs = export_jobs(&bench).await;
    let raw = |word: &Value| word.as_str().unwrap().to_lowercase();
    assert!(jobs.iter().all(|job| {
        job["source_status"]
            .as_str()
            .unwrap()
            .chars()
            .all(char::is_uppercase)
    }));
    jobs.iter_mut()
        .for_each(|job| job["source_status"] = raw(&job["source_status"]).into());
    assert_eq!(
        differences(&sample("comic.truth.json"), &jobs),
        Vec::<String>::new()
    );
    conn.close().await.unwrap();
    store.tear_down().await;
}
