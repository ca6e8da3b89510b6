//! Exports all jobs, each with its items, history, series and episode, under the field names of the
//! HTTP API. The query reads one page at a time, so that memory use does not grow with the number
//! of jobs.
//!
//! [`crate::import`] reads the JSON Lines back into the same rows (source `callsheet`).

mod output;

pub use crate::job_line::{NAMES, job_json};
use crate::{
    error::Error,
    job_line::{self, values, with_shown_url},
    jobs::{JobManager, WholeJob},
    lifecycle::Cursor,
};
pub use output::Output;
use serde_json::Value;
use std::io::{self, Write};

/// Maximum jobs in a page. The first page has at most [`FIRST_PAGE_JOBS`], since the size of the
/// jobs is not known yet.
const MAX_PAGE_JOBS: u64 = 200;
const FIRST_PAGE_JOBS: u64 = 16;
/// Target size of a page, in bytes.
const PAGE_BYTES: u64 = 4 << 20;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the export stopped: {0}")]
    Database(#[from] Error),
    #[error("the export could not be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes one JSON object per line and job, and returns the number of jobs.
pub async fn jsonl(jobs: &JobManager, out: &mut impl Write) -> Result<u64, ExportError> {
    let mut text = Vec::new();
    each(jobs, |job| {
        text.clear();
        job_line::write(job, &mut text)?;
        out.write_all(&text).map(|()| text.len())
    })
    .await
    .and_then(|n| finish(n, out))
}

/// Writes a header row and one row per job, and returns the number of jobs. Null is an empty cell;
/// lists and objects are JSON text. A text that a spreadsheet could read as a formula gets a
/// leading apostrophe.
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

/// Escapes a text that a spreadsheet could run as a formula: jobs hold texts of untrusted clients.
fn not_a_formula(text: String) -> String {
    // Some spreadsheets read the full-width forms as the ASCII signs.
    let signs = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(signs) {
        format!("'{text}")
    } else {
        text
    }
}

/// Calls `write` for each job, oldest first, and returns the number of jobs. `write` returns the
/// bytes that it wrote.
async fn each(
    jobs: &JobManager,
    mut write: impl FnMut(WholeJob) -> io::Result<usize>,
) -> Result<u64, ExportError> {
    let (mut after, mut written, mut limit) = (None, 0, FIRST_PAGE_JOBS);
    loop {
        let page = jobs.export_page(after, limit).await?;
        let Some(WholeJob { job: last, .. }) = page.last() else {
            return Ok(written);
        };
        after = Some(Cursor {
            created_at: last.created_at,
            id: last.id.clone(),
        });
        let (length, mut bytes) = (page.len() as u64, 0);
        for whole in page {
            let job = with_shown_url(whole.job);
            bytes += write(WholeJob { job, ..whole })? as u64;
            written += 1;
        }
        limit = next_limit(length, bytes);
    }
}

/// Size of the next page, after a page of `length` jobs with `bytes` bytes: as many jobs as are
/// likely to fill [`PAGE_BYTES`], at most twice `length` and at most [`MAX_PAGE_JOBS`].
fn next_limit(length: u64, bytes: u64) -> u64 {
    (length * PAGE_BYTES / bytes.max(1))
        .min(length * 2)
        .clamp(1, MAX_PAGE_JOBS)
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
        assert_eq!(
            [
                next_limit(16, 16 << 10),
                next_limit(128, 1 << 20),
                next_limit(200, 0)
            ],
            [32, 200, 200]
        );
        assert_eq!(
            [
                next_limit(16, 16 << 20),
                next_limit(200, 200 << 20),
                next_limit(1, 32 << 20)
            ],
            [4, 4, 1]
        );
        assert_eq!(next_limit(4, 4 << 20), 4);
    }
}
