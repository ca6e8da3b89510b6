//! Checks that read every job: stored counts and labels, and a SQLite file.

use super::finding::{Finding, listed};
use crate::{db::Inspector, error::Error};

/// Compares stored counts and labels with the jobs, and checks a SQLite file.
pub async fn check(inspector: &Inspector) -> Vec<Finding> {
    match look(inspector).await {
        Ok(found) => found,
        Err(error) => vec![Finding::error(
            "database.damaged",
            format!("The jobs cannot all be read: {error}."),
            "Restore a backup, or export what can be read.",
        )],
    }
}

async fn look(inspector: &Inspector) -> Result<Vec<Finding>, Error> {
    let mut found = Vec::new();
    let damage = inspector.integrity().await?;
    if !damage.is_empty() {
        found.push(Finding::error(
            "database.damaged",
            format!("SQLite finds damage in the file: {}.", listed(&damage)),
            "Stop the server and restore a backup; `callsheet export` brings along what can be \
            read.",
        ));
    }
    let drift = inspector.drift().await?;
    if let Some((job_type, status, stored, jobs)) = drift.counts.first() {
        found.push(Finding::error(
            "counts.wrong",
            format!(
                "{} stored counts are wrong: {stored} instead of {jobs} jobs of {job_type} that \
                are {status}.",
                drift.counts.len()
            ),
            "Run `callsheet migrate down` and `up` on a copy, or export the jobs and import them \
            into a new database.",
        ));
    }
    if drift.missing_labels > 0 || drift.extra_labels > 0 {
        found.push(Finding::error(
            "labels.wrong",
            format!(
                "{} labels of jobs are not found by a filter, and {} stored labels belong to no \
                job.",
                drift.missing_labels, drift.extra_labels
            ),
            "Export the jobs and import them into a new database.",
        ));
    }
    Ok(found)
}
