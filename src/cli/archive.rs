//! The `callsheet archive` command.

use super::{
    Failure,
    out::{note, say, say_json},
    plain,
};
use crate::{
    app::App,
    config::StorageFlags,
    jobs::{ArchiveRow, JobManager, Then},
};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Objects that are read at once for a list.
const PAGE: u64 = 200;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    pub storage: StorageFlags,
}

#[derive(Subcommand)]
enum Action {
    /// Archive the jobs whose rule says so and that were kept long enough, once
    Run {
        /// Run also if a rule keeps nothing, so that all ended jobs with a status go
        #[arg(long)]
        yes: bool,
    },
    /// Show the objects of the archive, newest first
    List {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Put archived jobs back into the database as they were
    Restore {
        /// Ids of the jobs
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Read all objects and decode every archived job; removes and repairs nothing
    Verify {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    let jobs = &app.jobs;
    match arguments.action {
        Action::Run { yes } => archive(jobs, yes).await,
        Action::List { json } => list(jobs, json).await,
        Action::Restore { ids } => {
            for id in ids {
                let job = jobs.restore_job(&id).await?;
                note(format_args!("Restored {}.", plain(&job.id)));
            }
            Ok(ExitCode::SUCCESS)
        }
        Action::Verify { json } => verify(jobs, json).await,
    }
}

async fn archive(jobs: &JobManager, yes: bool) -> Result<ExitCode, Failure> {
    if let Err(error) = jobs.set_clock().await {
        tracing::warn!(%error, "cannot compare the clock with the database's");
    }
    let preview = jobs.preview_retention().await?;
    if preview.rules.that(Then::Archive).keep_nothing() && !yes {
        return Err(Failure::Usage(format!(
            "A rule keeps 0, so that all ended jobs with a status would be archived, {} now: run it \
            with --yes.",
            preview.jobs(Then::Archive)
        )));
    }
    say(format!("Archived {}.", jobs.archive_ended().await?))?;
    Ok(ExitCode::SUCCESS)
}

async fn list(jobs: &JobManager, json: bool) -> Result<ExitCode, Failure> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (rows, next) = jobs.list_archives(after, PAGE).await?;
        all.extend(rows);
        after = next;
        if after.is_none() {
            break;
        }
    }
    match (json, all.is_empty()) {
        (true, _) => {
            let rows: Vec<Value> = all.iter().map(object).collect();
            say_json(&json!({"archives": rows}))?;
        }
        (false, true) => say("no archives")?,
        (false, false) => say(table(&all))?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(jobs: &JobManager, json: bool) -> Result<ExitCode, Failure> {
    let verified = jobs.verify_archives().await?;
    let findings = &verified.findings;
    if json {
        let rows = findings
            .iter()
            .map(|one| json!({"location": one.location, "job_id": one.job_id, "what": one.what}));
        say_json(&json!({
            "archives": verified.archives, "jobs": verified.jobs,
            "findings": rows.collect::<Vec<_>>(),
        }))?;
    } else {
        for one in findings {
            let job = one.job_id.as_deref().map(plain);
            let job = job.map_or(String::new(), |id| format!(", job {id}"));
            say(format!(
                "{}{job}: {}",
                plain(&one.location),
                plain(&one.what)
            ))?;
        }
        say(format!(
            "{} objects and {} jobs can be read, {} findings",
            verified.archives,
            verified.jobs,
            findings.len()
        ))?;
    }
    Ok(ExitCode::from(u8::from(!findings.is_empty())))
}

fn object(archive: &ArchiveRow) -> Value {
    let row = &archive.row;
    json!({
        "archive_id": row.id, "location": row.location, "jobs": row.jobs,
        "archived": archive.archived, "bytes": row.bytes, "sha256": row.sha256,
        "archived_at": row.finished_at.map(text),
    })
}

fn table(rows: &[ArchiveRow]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["ARCHIVED", "JOBS", "STILL", "BYTES", "OBJECT"]);
    for archive in rows {
        let row = &archive.row;
        table.add_row([
            row.finished_at.map_or("-".to_owned(), text),
            row.jobs.to_string(),
            archive.archived.to_string(),
            row.bytes.to_string(),
            plain(&row.location),
        ]);
    }
    table
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
