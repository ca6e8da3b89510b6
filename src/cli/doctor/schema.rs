//! Checks of the schema: missing steps, and what someone changed.

use super::finding::{Finding, listed};
use crate::db::{Inspector, MigrateError, SchemaDrift};

/// Checks which steps the schema lacks.
pub async fn check_steps(inspector: &Inspector) -> Vec<Finding> {
    let steps = match inspector.check_steps().await {
        Ok(steps) => steps,
        Err(MigrateError::Database(error)) => {
            let what = format!("The database cannot be read: {error}.");
            let fix = "See the log of the database, or restore a backup of the file.";
            return vec![Finding::error("database.unreadable", what, fix)];
        }
        Err(error) => {
            let fix = match &error {
                MigrateError::Newer(_) | MigrateError::TooOld { .. } => {
                    "Run `callsheet doctor` of the newer version."
                }
                MigrateError::NotReadable => "Then run `callsheet doctor` again.",
                _ => "Name the right database with --database-url.",
            };
            return vec![Finding::error("schema.refused", format!("{error}."), fix)];
        }
    };
    let missing: Vec<_> = steps.iter().filter(|step| !step.applied).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    vec![Finding::error(
        "schema.pending",
        format!(
            "The schema lacks {} of {} steps.",
            missing.len(),
            steps.len()
        ),
        "Run `callsheet migrate up`, or start `callsheet serve`.",
    )]
}

/// Warns of a schema that a newer version has migrated, and on which this one still runs.
pub fn newer_schema(step: String) -> Finding {
    Finding::warning(
        "schema.newer",
        format!(
            "A newer version of Callsheet has migrated this database (step {step}): this version \
            runs on it, and cannot check its tables."
        ),
        "Update the servers, and run `callsheet doctor` of the newer version.",
    )
}

/// Compares the schema with that of a new database.
pub fn check_drift(drift: &SchemaDrift) -> Vec<Finding> {
    let mut found = Vec::new();
    if !drift.missing.is_empty() {
        found.push(Finding::error(
            "schema.missing",
            format!("The schema lacks {}.", listed(&drift.missing)),
            "Make it as a new database has it, or export the jobs and import them into a new \
            database.",
        ));
    }
    if !drift.changed.is_empty() {
        found.push(Finding::warning(
            "schema.changed",
            format!("Someone changed {}.", listed(&drift.changed)),
            "Compare it with a new database, and change it back.",
        ));
    }
    if !drift.foreign_triggers.is_empty() {
        found.push(Finding::warning(
            "schema.foreign_trigger",
            format!(
                "Callsheet did not make {}, which runs with its writes.",
                listed(&drift.foreign_triggers)
            ),
            "Drop it, or make sure that it neither fails nor takes long.",
        ));
    }
    found
}
