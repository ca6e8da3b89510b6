//! Writes all jobs out, each with its items, its history and the series and episode that it belongs to, under the names
//! of the HTTP API. Page by page, so that memory stays flat however many jobs there are.
//!
//! `import` reads the JSON Lines back into the same rows ([`crate::import`], source `callsheet`).

mod columns;
mod output;

use crate::{
    error::Error,
    jobs::{JobManager, WholeJob},
    lifecycle::Cursor,
};
use columns::values;
pub use columns::{NAMES, job_json};
pub use output::Output;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;
use std::io::{self, Write};

const PAGE: u64 = 200;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the export stopped: {0}")]
    Database(#[from] Error),
    #[error("the export could not be written: {0}")]
    Write(#[from] io::Error),
}

/// One JSON object a line, a job each. Answers with the number of jobs.
pub async fn jsonl(jobs: &JobManager, out: &mut impl Write) -> Result<u64, ExportError> {
    each(jobs, |job| {
        let mut line = serde_json::Serializer::new(&mut *out);
        let mut object = line.serialize_map(Some(NAMES.len())).map_err(io::Error::from)?;
        for (name, value) in NAMES.iter().zip(values(job)) {
            object.serialize_entry(name, &value).map_err(io::Error::from)?;
        }
        object.end().map_err(io::Error::from)?;
        out.write_all(b"\n")
    })
    .await
    .and_then(|n| finish(n, out))
}

/// A heading, then a row a job. Null is an empty cell; lists and objects are JSON text. Answers with the number of jobs.
pub async fn csv(jobs: &JobManager, out: &mut impl Write) -> Result<u64, ExportError> {
    let mut table = csv::Writer::from_writer(&mut *out);
    table.write_record(NAMES).map_err(io::Error::from)?;
    let written = each(jobs, |job| {
        let cells = values(job).into_iter().map(|value| match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        });
        table.write_record(cells).map_err(io::Error::from)
    })
    .await?;
    table.flush()?;
    drop(table);
    finish(written, out)
}

/// Calls `write` for each job, oldest first.
async fn each(jobs: &JobManager, mut write: impl FnMut(WholeJob) -> io::Result<()>) -> Result<u64, ExportError> {
    let (mut after, mut written) = (None, 0);
    loop {
        let page = jobs.export_page(after, PAGE).await?;
        let Some(WholeJob { job: last, .. }) = page.last() else { return Ok(written) };
        after = Some(Cursor { created_at: last.created_at, id: last.id.clone() });
        for job in page {
            write(job)?;
            written += 1;
        }
    }
}

fn finish(written: u64, out: &mut impl Write) -> Result<u64, ExportError> {
    out.flush()?;
    Ok(written)
}
