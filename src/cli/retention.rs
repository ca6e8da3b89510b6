//! The `callsheet retention` command.

use super::{
    Failure,
    out::{note, say, say_json},
    plain,
};
use crate::{
    app::App,
    config::StorageFlags,
    jobs::{KeepRule, RetentionPreview, Then},
};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    pub storage: StorageFlags,
}

#[derive(Subcommand)]
enum Action {
    /// Count the jobs that would go now, by status, type and month; changes nothing
    Preview {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Delete or archive the jobs that were kept long enough, once
    Run {
        /// Run also if a rule keeps nothing, so that all ended jobs with a status go
        #[arg(long)]
        yes: bool,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    let jobs = &app.jobs;
    if let Err(error) = jobs.set_clock().await {
        tracing::warn!(%error, "cannot compare the clock with the database's");
    }
    match arguments.action {
        Action::Preview { json } => print(&jobs.preview_retention().await?, json)?,
        Action::Run { yes, json } => {
            let preview = jobs.preview_retention().await?;
            if preview.rules.keep_nothing() && !yes {
                return Err(Failure::Usage(format!(
                    "A rule keeps 0, so that all ended jobs with a status would go: {} would be \
                    deleted and {} archived. Look at them with `callsheet retention preview`, then \
                    run it with --yes.",
                    preview.jobs(Then::Delete),
                    preview.jobs(Then::Archive)
                )));
            }
            let done = jobs.run_retention().await?;
            if json {
                say_json(&json!({"deleted": done.deleted, "archived": done.archived}))?;
            } else {
                say(format!(
                    "Deleted {}, archived {}.",
                    done.deleted, done.archived
                ))?;
            }
            warn_without_archive(&preview);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(preview: &RetentionPreview, json: bool) -> Result<(), Failure> {
    if json {
        say_json(&object(preview))?;
        return Ok(());
    }
    for (name, rule) in rules(preview) {
        note(format_args!(
            "{}: completed {}, failed {}, cancelled {}, then {}{}",
            name.map_or("by default".to_owned(), plain),
            rule.completed,
            rule.failed,
            rule.cancelled,
            rule.then.name(),
            if rule.removes_media {
                ", with their media files"
            } else {
                ""
            }
        ));
    }
    if preview.counts.is_empty() {
        say("no jobs would go")?;
    } else {
        say(table(preview))?;
        say(format!(
            "{} would be deleted, {} archived",
            preview.jobs(Then::Delete),
            preview.jobs(Then::Archive)
        ))?;
    }
    warn_without_archive(preview);
    Ok(())
}

fn warn_without_archive(preview: &RetentionPreview) {
    if !preview.has_archive && preview.jobs(Then::Archive) > 0 {
        note(format_args!(
            "Jobs that are to be archived stay: name the folder or the bucket with --archive."
        ));
    }
}

fn rules(preview: &RetentionPreview) -> impl Iterator<Item = (Option<&str>, &KeepRule)> {
    let by_type = preview.rules.by_type.iter();
    [(None, &preview.rules.default)]
        .into_iter()
        .chain(by_type.map(|(name, rule)| (Some(name.as_str()), rule)))
}

fn object(preview: &RetentionPreview) -> Value {
    let rule = |(name, rule): (Option<&str>, &KeepRule)| {
        json!({
            "job_type": name, "completed": rule.completed.to_string(),
            "failed": rule.failed.to_string(), "cancelled": rule.cancelled.to_string(),
            "then": rule.then.name(), "keep_media": !rule.removes_media,
        })
    };
    let counts = preview.counts.iter().map(|count| {
        json!({
            "then": count.then.name(), "status": count.status.to_string(),
            "job_type": count.job_type, "month": count.month, "jobs": count.jobs,
        })
    });
    json!({
        "rules": rules(preview).map(rule).collect::<Vec<_>>(),
        "would_delete": preview.jobs(Then::Delete), "would_archive": preview.jobs(Then::Archive),
        "has_archive": preview.has_archive, "counts": counts.collect::<Vec<_>>(),
    })
}

fn table(preview: &RetentionPreview) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["MONTH", "TYPE", "STATUS", "THEN", "JOBS"]);
    for count in &preview.counts {
        table.add_row([
            count.month.clone(),
            plain(&count.job_type),
            count.status.to_string(),
            count.then.name().to_owned(),
            count.jobs.to_string(),
        ]);
    }
    table
}
