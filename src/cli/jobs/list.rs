//! `callsheet jobs list`: a page of jobs.

use super::pair;
use crate::{
    cli::{
        Failure,
        out::{say, say_json},
        plain,
        target::{Listed, Target},
    },
    export::job_json,
    jobs::{Filter, Order},
};
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use entity::{JobStatus, job};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Args)]
pub struct List {
    /// Only jobs with this status: queued, processing, completed, failed or cancelled
    #[arg(long, value_parser = status)]
    status: Option<JobStatus>,
    /// Only jobs of this type
    #[arg(long = "type", value_name = "JOB_TYPE")]
    job_type: Option<String>,
    /// Only jobs of this series
    #[arg(long, value_name = "SERIES_ID")]
    series: Option<String>,
    /// Only jobs with this label; can be repeated
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = pair)]
    labels: Vec<(String, String)>,
    /// Only jobs with this text in the title or the content
    #[arg(long, value_name = "TEXT")]
    q: Option<String>,
    /// Maximum number of jobs on the page, 1 to 200
    #[arg(long, default_value_t = 50)]
    limit: u64,
    /// Cursor of the next page, as printed below the page before
    #[arg(long)]
    cursor: Option<String>,
    /// Show the oldest jobs first
    #[arg(long)]
    oldest_first: bool,
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

/// Prints the page that the arguments ask for.
pub async fn run(target: &Target, list: List) -> Result<ExitCode, Failure> {
    let filter = Filter {
        status: list.status,
        job_type: list.job_type,
        series_id: list.series,
        labels: list.labels,
        q: list.q,
        ..Filter::default()
    };
    let order = if list.oldest_first {
        Order::OldestFirst
    } else {
        Order::NewestFirst
    };
    let Listed { jobs, total, next } = target.list(&filter, order, list.cursor, list.limit).await?;
    if list.json {
        let rows: Vec<Value> = jobs.iter().map(job_json).collect();
        let pagination = json!({"total": total.jobs, "total_exact": total.exact, "limit": list.limit, "has_more": next.is_some(), "next_cursor": next});
        say_json(&json!({"jobs": rows, "pagination": pagination}))?;
        return Ok(ExitCode::SUCCESS);
    }
    if jobs.is_empty() {
        match next {
            Some(next) => say(format_args!(
                "no matching jobs so far; continue the search with --cursor {next}"
            ))?,
            None => say("no jobs")?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    say(table(&jobs))?;
    match next {
        Some(next) => say(format_args!(
            "{} of {}; the next page: --cursor {next}",
            jobs.len(),
            total
        ))?,
        None => say(format_args!("{} of {total}", jobs.len()))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(jobs: &[job::Model]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "ID", "TYPE", "STATUS", "PROGRESS", "SHOTS", "CREATED", "TITLE",
    ]);
    for job in jobs {
        table.add_row([
            plain(&job.id),
            plain(&job.job_type),
            job.status.to_string(),
            format!("{:.0} %", job.progress),
            format!("{}/{}", job.completed_shots, job.total_shots),
            job.created_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            plain(job.project_title.as_deref().unwrap_or("-")),
        ]);
    }
    table
}

fn status(text: &str) -> Result<JobStatus, String> {
    serde_json::from_value(Value::from(text))
        .map_err(|_| "use queued, processing, completed, failed or cancelled".to_owned())
}
