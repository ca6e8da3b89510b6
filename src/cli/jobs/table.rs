//! `callsheet jobs create --from-csv` and `--from-jsonl`: a job for each row of a table. A row that
//! was created by an earlier run of the same table is not created again, so that a run that broke
//! off is simply repeated.

use super::{
    preview::preview,
    rows::{self, Row, Rows},
    totals::{Done, Totals},
};
use crate::{
    api,
    app::App,
    cli::{Failure, import_progress::Progress, out::say},
    error::Error,
    hex::hex,
    jobs::{self, Idempotency, NewJob},
};
use clap::Args;
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Rows that are created at once: as many as one transaction takes.
const AT_ONCE: usize = 64;

#[derive(Args)]
#[command(next_help_heading = "Jobs from a table")]
pub struct TableArguments {
    /// CSV file with a job on each line, or - for standard input; the first line names the columns:
    /// job_type, content, project_title and the other fields of a job, labels.KEY,
    /// request_data.NAME
    #[arg(long, value_name = "FILE", group = "table")]
    from_csv: Option<PathBuf>,
    /// File with a JSON object on each line, with the fields of a job, or - for standard input
    #[arg(long, value_name = "FILE", group = "table")]
    from_jsonl: Option<PathBuf>,
    /// Only check the table and show its first five jobs; create nothing
    #[arg(long, visible_alias = "preview", requires = "table")]
    pub dry_run: bool,
    /// Name of this batch: rows that were created under another name are created again
    #[arg(long, value_name = "NAME", requires = "table")]
    batch: Option<String>,
}

impl TableArguments {
    /// Opens the table; `None` if the command names none.
    pub fn open(&self) -> Result<Option<Table>, Failure> {
        let (path, rows) = match (&self.from_csv, &self.from_jsonl) {
            (Some(path), _) => (path, rows::of_csv(path)?),
            (None, Some(path)) => (path, rows::of_json_lines(path)?),
            (None, None) => return Ok(None),
        };
        let bytes = (path != Path::new("-"))
            .then(|| path.metadata().ok())
            .flatten()
            .map(|file| file.len());
        Ok(Some(Table {
            rows,
            bytes,
            dry_run: self.dry_run,
            batch: self.batch.clone().unwrap_or_default(),
        }))
    }
}

pub struct Table {
    rows: Rows,
    /// Size of the file, if it is one.
    bytes: Option<u64>,
    dry_run: bool,
    batch: String,
}

/// Values for the fields that a row leaves out.
pub struct Defaults {
    pub job_type: Option<String>,
    pub labels: Vec<(String, String)>,
}

/// A row that was read: its job and its idempotency key, or why there is none.
pub struct Planned {
    pub line: u64,
    bytes: u64,
    pub job: Result<(NewJob, Idempotency), String>,
}

impl Table {
    pub async fn run(self, app: &App, defaults: Defaults, json: bool) -> Result<ExitCode, Failure> {
        let mut keys = Keys::new(self.batch);
        let plan = move |row: Row| {
            let job = row
                .fields
                .and_then(|fields| plan(fields, &defaults, &mut keys));
            Planned {
                line: row.line,
                bytes: row.bytes,
                job,
            }
        };
        let planned = self.rows.map(plan);
        if self.dry_run {
            return preview(planned, json);
        }
        create(app, planned, self.bytes, json).await
    }
}

async fn create(
    app: &App,
    planned: impl Iterator<Item = Planned> + Send,
    bytes: Option<u64>,
    json: bool,
) -> Result<ExitCode, Failure> {
    let mut progress = Progress::of_bytes(bytes, json);
    let mut totals = Totals::default();
    let one = |row: Planned| async move { (row.line, row.bytes, create_row(app, row.job).await) };
    let mut outcomes = std::pin::pin!(stream::iter(planned).map(one).buffered(AT_ONCE));
    while let Some((line, bytes, outcome)) = outcomes.next().await {
        progress.count(bytes);
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                progress.end();
                let so_far = totals.sentence();
                return Err(Failure::Other(format!(
                    "line {line}: {error} Until then: {so_far}. Run the same command again: \
                     what was created is not created twice."
                )));
            }
        };
        totals.add(line, &outcome, json, &progress)?;
    }
    progress.end();
    if !json {
        say(totals.sentence())?;
    }
    Ok(totals.exit_code())
}

/// Creates the job of a row. An error ends the run: it is not about the row.
async fn create_row(app: &App, job: Result<(NewJob, Idempotency), String>) -> Result<Done, Error> {
    let (job, key) = match job {
        Ok(planned) => planned,
        Err(why) => return Ok(Done::Refused(why)),
    };
    match app.jobs.create_job(job, Some(key)).await {
        Ok(created) if created.replayed => Ok(Done::AlreadyThere(created.job.id)),
        Ok(created) => Ok(Done::Created(created.job.id)),
        Err(
            error @ (Error::Invalid(_)
            | Error::ItemConflict(_)
            | Error::JobExists(_)
            | Error::UnknownReference { .. }),
        ) => Ok(Done::Refused(error.to_string())),
        Err(error) => Err(error),
    }
}

fn plan(
    mut fields: Map<String, Value>,
    defaults: &Defaults,
    keys: &mut Keys,
) -> Result<(NewJob, Idempotency), String> {
    if let (None, Some(job_type)) = (fields.get("job_type"), &defaults.job_type) {
        fields.insert("job_type".to_owned(), job_type.as_str().into());
    }
    if !defaults.labels.is_empty() {
        let labels = fields.entry("labels").or_insert_with(|| json!({}));
        if let Some(labels) = labels.as_object_mut() {
            for (name, value) in &defaults.labels {
                labels.entry(name).or_insert_with(|| value.as_str().into());
            }
        }
    }
    let fields = Value::Object(fields);
    let key = keys.of(&fields);
    let job = api::read_new_job(fields).map_err(|error| error.to_string())?;
    jobs::check_new_job(&job).map_err(|error| error.to_string())?;
    Ok((job, key))
}

/// Idempotency keys of the rows, made of what they say. Rows that say the same are told apart by
/// their order.
struct Keys {
    batch: String,
    seen: HashMap<[u8; 32], u32>,
}

impl Keys {
    fn new(batch: String) -> Self {
        Self {
            batch,
            seen: HashMap::new(),
        }
    }

    fn of(&mut self, fields: &Value) -> Idempotency {
        let digest: [u8; 32] = Sha256::digest(format!("{}\n{fields}", self.batch)).into();
        let nth = self.seen.entry(digest).or_default();
        *nth += 1;
        let key = hex(&digest);
        Idempotency::new(format!("row:{key}:{nth}"), "create_job_of_row", fields)
    }
}
