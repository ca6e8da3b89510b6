//! comic's `jobs.db`: each job with its results, in the shape that the store's Redis and PostgreSQL variants keep as
//! JSON, so that one source reads them all. The job that is before the client comes from `preferences.db` beside it.

use super::{
    super::{
        reject::{Reason, Reject},
        report::At,
        sources::SourceKind,
    },
    rows,
    sink::Sink,
    sqlite::{damaged, each, open},
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, Value as Bound};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, path::Path};
use tokio::runtime::Handle;

const RESULTS: &str = "SELECT item, success, error, details FROM job_results WHERE job_id = ? ORDER BY id";
const ORPHANS: &str = "SELECT DISTINCT job_id FROM job_results AS r \
                       WHERE NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.job_id = r.job_id)";

/// Settings of the same application, which are no jobs; its `active_job` is read along with the jobs.
pub fn is_preferences(tables: &BTreeMap<String, Vec<String>>) -> bool {
    tables.contains_key("preferences") && tables.contains_key("active_job")
}

/// False when nobody wants more.
pub fn read(path: &Path, conn: &DatabaseConnection, has_results: bool, sink: &mut Sink) -> Result<bool, Reject> {
    sink.known = Some(SourceKind::Comic);
    let preferences = path.with_file_name("preferences.db");
    let mut active = if preferences.is_file() { active_job(&preferences) } else { Ok(None) };
    let go_on = each(conn, "SELECT * FROM jobs", &mut |row| {
        let mut record = rows::object(row, &mut sink.mended)?;
        let id = rows::key(&record, "job_id");
        if has_results {
            record.insert("results".into(), results(conn, &id, sink)?.into());
        }
        if let Ok(active) = &mut active
            && let Some((_, title)) = active.take_if(|(active, _)| *active == id)
        {
            record.insert("active_job".into(), json!({"job_title": title}));
        }
        Ok(sink.take_record(&id, record))
    });
    let go_on = go_on.map_err(damaged)? && (!has_results || orphans(conn, sink).map_err(damaged)?);
    Ok(go_on && left_over(&preferences, active, sink))
}

fn results(conn: &DatabaseConnection, job_id: &str, sink: &mut Sink) -> Result<Vec<Value>, DbErr> {
    let bound = [Bound::from(job_id)];
    let rows = Handle::current().block_on(conn.query_all_raw(Statement::from_sql_and_values(
        DbBackend::Sqlite,
        RESULTS,
        bound,
    )))?;
    rows.iter().map(|row| rows::object(row, &mut sink.mended).map(Value::Object)).collect()
}

/// Results of jobs that were deleted: the store does not enforce its foreign key.
fn orphans(conn: &DatabaseConnection, sink: &mut Sink) -> Result<bool, DbErr> {
    each(conn, ORPHANS, &mut |row| {
        let row = rows::object(row, &mut sink.mended)?;
        let id = rows::key(&row, "job_id");
        let results = results(conn, &id, sink)?;
        let told = format!("The table job_results has {} results of this job, which is not there.", results.len());
        let raw = Value::from(results).to_string();
        Ok(sink.reject(At::Key(id), raw, Reject::new(Reason::Orphan, told)))
    })
}

type Active = Option<(String, Option<String>)>;

/// The id and title of the job that is before the client.
fn active_job(preferences: &Path) -> Result<Active, Reject> {
    let db = Handle::current().block_on(open(preferences))?;
    let mut active = None;
    each(&db.conn, "SELECT job_id, job_title FROM active_job", &mut |row| {
        let row: Map<_, _> = rows::object(row, &mut Vec::new())?;
        let text = |name: &str| row.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
        active = text("job_id").map(|id| (id, text("job_title")));
        Ok(active.is_none())
    })
    .map_err(damaged)?;
    Ok(active)
}

/// Tells of an active job that can't be read, or is none of the jobs.
fn left_over(preferences: &Path, active: Result<Active, Reject>, sink: &mut Sink) -> bool {
    let (at, raw, reject) = match active {
        Ok(None) => return true,
        Ok(Some((id, title))) => {
            let told = "The job that is named as the active one is not among the jobs.";
            let raw = json!({"job_id": id, "job_title": title}).to_string();
            (At::Key(id), raw, Reject::new(Reason::Orphan, told))
        }
        Err(reject) => (At::File, String::new(), reject),
    };
    sink.begin(preferences);
    sink.reject(at, raw, reject)
}
