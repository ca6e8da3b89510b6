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

/// Most jobs of a page, and how many the first one has: nobody knows yet how large they are.
const PAGE: u64 = 200;
const FIRST: u64 = 16;
/// About how many bytes a page has at most.
const BYTES: u64 = 4 << 20;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the export stopped: {0}")]
    Database(#[from] Error),
    #[error("the export could not be written: {0}")]
    Write(#[from] io::Error),
}

/// One JSON object a line, a job each. Answers with the number of jobs.
pub async fn jsonl(jobs: &JobManager, out: &mut impl Write) -> Result<u64, ExportError> {
    let mut text = Vec::new();
    each(jobs, |job| {
        text.clear();
        let mut line = serde_json::Serializer::new(&mut text);
        let mut object = line.serialize_map(Some(NAMES.len())).map_err(io::Error::from)?;
        for (name, value) in NAMES.iter().zip(values(job)) {
            object.serialize_entry(name, &value).map_err(io::Error::from)?;
        }
        object.end().map_err(io::Error::from)?;
        text.push(b'\n');
        out.write_all(&text).map(|()| text.len())
    })
    .await
    .and_then(|n| finish(n, out))
}

/// A heading, then a row a job. Null is an empty cell; lists and objects are JSON text. A text that a spreadsheet would take
/// for a formula has an apostrophe before it. Answers with the number of jobs.
pub async fn csv(jobs: &JobManager, out: &mut impl Write) -> Result<u64, ExportError> {
    let mut table = csv::Writer::from_writer(&mut *out);
    table.write_record(NAMES).map_err(io::Error::from)?;
    let written = each(jobs, |job| {
        let cells = values(job).map(|value| match value {
            Value::Null => String::new(),
            Value::String(text) => not_a_formula(text),
            other => other.to_string(),
        });
        table.write_record(&cells).map_err(io::Error::from)?;
        Ok(cells.iter().map(String::len).sum())
    })
    .await?;
    table.flush()?;
    drop(table);
    finish(written, out)
}

/// Text cells that begin like a formula are run by spreadsheets, and jobs hold texts of strangers.
fn not_a_formula(text: String) -> String {
    // The wide forms are read as the signs themselves by some.
    let signs = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(signs) { format!("'{text}") } else { text }
}

/// Calls `write`, which answers with the bytes that it wrote, for each job, oldest first.
async fn each(jobs: &JobManager, mut write: impl FnMut(WholeJob) -> io::Result<usize>) -> Result<u64, ExportError> {
    let (mut after, mut written, mut limit) = (None, 0, FIRST);
    loop {
        let page = jobs.export_page(after, limit).await?;
        let Some(WholeJob { job: last, .. }) = page.last() else { return Ok(written) };
        after = Some(Cursor { created_at: last.created_at, id: last.id.clone() });
        let (length, mut bytes) = (page.len() as u64, 0);
        for job in page {
            bytes += write(job)? as u64;
            written += 1;
        }
        limit = next_limit(length, bytes);
    }
}

/// How many jobs the next page has, after one of so many that had so many bytes: as many as are likely to be
/// [`BYTES`], but no more than twice as many as there were.
fn next_limit(length: u64, bytes: u64) -> u64 {
    (length * BYTES / bytes.max(1)).min(length * 2).clamp(1, PAGE)
}

fn finish(written: u64, out: &mut impl Write) -> Result<u64, ExportError> {
    out.flush()?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_small_jobs_grow_and_those_of_large_ones_shrink() {
        assert_eq!([next_limit(16, 16 << 10), next_limit(128, 1 << 20), next_limit(200, 0)], [32, 200, 200]);
        assert_eq!([next_limit(16, 16 << 20), next_limit(200, 200 << 20), next_limit(1, 32 << 20)], [4, 4, 1]);
        assert_eq!(next_limit(4, 4 << 20), 4);
    }
}
