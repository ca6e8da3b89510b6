//! Reader of comic's `jobs.db`: gives each job with its results the JSON shape of the store's Redis
//! and PostgreSQL variants, so that one source reads them all. The client's active job is in
//! `preferences.db` beside it.

use super::{
    super::super::{
        reject::{Reason, Reject},
        sources::SourceKind,
        split::{MAX_RECORD_BYTES, too_large},
    },
    Openable,
    child::{Step, Stopped, large},
    message::{Message, Out},
    open::{Table, Tables, open},
    rows,
};
use futures_util::TryStreamExt;
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::io::Write;

const RESULTS: &str = "job_id = ? ORDER BY id";
const ORPHANS: &str = "SELECT DISTINCT job_id FROM job_results AS r WHERE octet_length(job_id) <= 1000 \
                       AND NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.job_id = r.job_id)";

/// Maximum results of a job, each of which takes memory beyond its text.
const MAX_RESULTS: usize = 100_000;

pub struct Store<'a> {
    pub file: &'a Openable,
    pub jobs: &'a Table,
    pub results: Option<&'a Table>,
    pub preferences: Option<&'a Openable>,
}

type Repairs = Vec<(String, String)>;

pub async fn read<W: Write>(
    store: Store<'_>,
    conn: &mut SqliteConnection,
    out: &mut Out<W>,
) -> Step {
    out.say(
        Message::Store {
            name: SourceKind::Comic.name().to_owned(),
        },
        &[],
    )?;
    store.jobs.check(conn).await?;
    if let Some(results) = store.results {
        results.check(conn).await?;
    }
    let mut active = match store.preferences {
        Some(file) => active_job(file).await,
        None => Ok(None),
    };
    // A second connection reads the results of each job while the first one streams the jobs.
    let mut beside = open(store.file).await?;
    let mut jobs = sqlx::query(AssertSqlSafe(store.jobs.rows())).fetch(&mut *conn);
    while let Some(row) = jobs.try_next().await? {
        let mut repairs = Repairs::new();
        let mut record = rows::object(&row, &mut repairs)?;
        let id = rows::key(&record, "job_id");
        let results = match store.results {
            Some(table) => results(table, &mut beside, &id, &mut repairs).await?,
            None => Some(Vec::new()),
        };
        let whole = results.is_some();
        if store.results.is_some() {
            record.insert("results".into(), results.unwrap_or_default().into());
        }
        if let Ok(active) = &mut active
            && let Some((_, title)) = active.take_if(|(active, _)| *active == id)
        {
            record.insert("active_job".into(), json!({"job_title": title}));
        }
        match rows::text(&record).filter(|_| whole) {
            Some(text) => out.record(&id, &text, repairs)?,
            None if whole => out.reject(Some(&id), &[], too_large())?,
            None => out.reject(Some(&id), &[], too_many())?,
        }
    }
    drop(jobs);
    large(store.jobs, "job_id", conn, out).await?;
    if let Some(table) = store.results {
        orphans(table, conn, &mut beside, out).await?;
    }
    left_over(active, out)
}

/// Reads the results of a job; `None` when they are more than a record may hold.
async fn results(
    table: &Table,
    conn: &mut SqliteConnection,
    job_id: &str,
    repairs: &mut Repairs,
) -> Step<Option<Vec<Value>>> {
    let sql = format!("{} AND {RESULTS}", table.rows());
    let mut found = sqlx::query(AssertSqlSafe(sql)).bind(job_id).fetch(conn);
    let (mut results, mut bytes) = (Vec::new(), 0);
    while let Some(row) = found.try_next().await? {
        let row = rows::object(&row, repairs)?;
        let only = ["item", "success", "error", "details"];
        let row: Map<_, _> = row
            .into_iter()
            .filter(|(name, _)| only.contains(&name.as_str()))
            .collect();
        bytes += row
            .values()
            .map(|value| value.as_str().map_or(8, str::len))
            .sum::<usize>();
        results.push(Value::Object(row));
        if bytes > MAX_RECORD_BYTES || results.len() > MAX_RESULTS {
            return Ok(None);
        }
    }
    Ok(Some(results))
}

fn too_many() -> Reject {
    let detail = format!(
        "The job has more than {MAX_RESULTS} results, or results of more than {} MiB, which is \
        the most that is read.",
        MAX_RECORD_BYTES >> 20
    );
    Reject::new(Reason::TooLarge, detail)
}

/// Rejects the results of deleted jobs, since the store does not enforce its foreign key.
async fn orphans<W: Write>(
    table: &Table,
    conn: &mut SqliteConnection,
    beside: &mut SqliteConnection,
    out: &mut Out<W>,
) -> Step {
    let mut ids = sqlx::query(ORPHANS).fetch(conn);
    while let Some(row) = ids.try_next().await? {
        let id = rows::key(&rows::object(&row, &mut Repairs::new())?, "job_id");
        let results = results(table, beside, &id, &mut Repairs::new()).await?;
        let detail = match &results {
            Some(results) => {
                format!(
                    "The table job_results has {} results of this job, which is not there.",
                    results.len()
                )
            }
            None => "The table job_results has results of this job, but the job does not exist."
                .to_owned(),
        };
        let raw = results
            .and_then(|results| rows::text(&results))
            .unwrap_or_default();
        out.reject(Some(&id), &raw, Reject::new(Reason::Orphan, detail))?;
    }
    Ok(())
}

type Active = Option<(String, Option<String>)>;

/// Reads the id and title of the client's active job.
async fn active_job(preferences: &Openable) -> Result<Active, Reject> {
    let found = async {
        let mut conn = open(preferences).await?;
        let tables = Tables::of(&mut conn, &["active_job"]).await?;
        let Some(table) = tables.with("active_job", &["job_id", "job_title"]) else {
            return Ok(None);
        };
        table.check(&mut conn).await?;
        let mut found = sqlx::query(AssertSqlSafe(table.rows())).fetch(&mut conn);
        while let Some(row) = found.try_next().await? {
            let row = rows::object(&row, &mut Repairs::new())?;
            let text = |name: &str| {
                row.get(name)
                    .and_then(Value::as_str)
                    .filter(|t| !t.is_empty())
                    .map(str::to_owned)
            };
            if let Some(id) = text("job_id") {
                return Ok(Some((id, text("job_title"))));
            }
        }
        Ok(None)
    };
    found.await.map_err(|stopped: Stopped| match stopped {
        Stopped::Rejected(reject) => reject,
        Stopped::Unheard(error) => Reject::new(Reason::UnreadableFile, error.to_string()),
    })
}

/// Rejects an active job that cannot be read or is not among the jobs.
fn left_over<W: Write>(active: Result<Active, Reject>, out: &mut Out<W>) -> Step {
    let (key, raw, reject) = match active {
        Ok(None) => return Ok(()),
        Ok(Some((id, title))) => {
            let detail = "The active job in preferences.db does not exist in jobs.db.";
            let raw = json!({"job_id": id, "job_title": title}).to_string();
            (Some(id), raw, Reject::new(Reason::Orphan, detail))
        }
        Err(reject) => (None, String::new(), reject),
    };
    out.say(Message::Preferences, &[])?;
    Ok(out.reject(key.as_deref(), raw.as_bytes(), reject)?)
}
