//! The `callsheet jobs` command.

mod columns;
mod preview;
mod rows;
mod table;
mod totals;

use super::{
    Failure,
    out::{say, say_json},
    plain,
};
use crate::{
    app::App,
    export::job_json,
    jobs::{Filter, NewJob, Order, PageAfter, View},
    lifecycle::Cursor,
};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use entity::{JobStatus, job};
use serde_json::{Map, Value, json};
use std::process::ExitCode;
use table::TableArguments;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

impl Arguments {
    pub fn creates(&self) -> bool {
        matches!(self.action, Action::Create(_))
    }

    /// Returns whether the command only reads a table, and needs no database.
    pub fn is_dry_run(&self) -> bool {
        matches!(&self.action, Action::Create(create) if create.table.dry_run)
    }
}

#[derive(Subcommand)]
enum Action {
    /// Show a page of jobs, newest first
    List(List),
    /// Show one job
    Get(One),
    /// Create a job, or one for each row of a table, and put it in the queue
    Create(Box<Create>),
    /// Cancel a job
    Cancel {
        #[command(flatten)]
        one: One,
        /// Reason for the cancel, recorded in the job's history
        #[arg(long)]
        reason: Option<String>,
    },
    /// Put a failed or cancelled job back in the queue
    Retry(One),
    /// Put a failed or stuck job back in the queue with its checkpoint
    Recover(One),
    /// Undo the last cancel or retry of a job, if nothing has changed since
    Undo(One),
    /// Create a new job with the failed items of a job
    RetryItems(One),
    /// Delete a job with its items and its history; this cannot be undone
    Delete(One),
}

#[derive(Args)]
struct One {
    /// Id of the job
    job_id: String,
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct List {
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

#[derive(Args)]
struct Create {
    /// Type of the job, e.g. idea2video; with a table, of the rows that name none
    #[arg(required_unless_present_any = ["from_csv", "from_jsonl"])]
    job_type: Option<String>,
    /// Idea or script of the video
    #[arg(long, conflicts_with_all = TABLES)]
    content: Option<String>,
    /// Kind of content: `idea` or `script`
    #[arg(long, conflicts_with_all = TABLES)]
    mode: Option<String>,
    /// Title of the project
    #[arg(long, conflicts_with_all = TABLES)]
    title: Option<String>,
    /// Visual style of the video
    #[arg(long, conflicts_with_all = TABLES)]
    style: Option<String>,
    /// Requirements that the video has to meet
    #[arg(long, conflicts_with_all = TABLES)]
    requirement: Option<String>,
    /// Priority, -100 to 100; higher runs first
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, conflicts_with_all = TABLES)]
    priority: i16,
    /// Label of the job, or of all jobs of a table; can be repeated
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = pair)]
    labels: Vec<(String, String)>,
    /// Request data as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object, conflicts_with_all = TABLES)]
    request_data: Option<Map<String, Value>>,
    /// Id of the job; generated if left out
    #[arg(long, value_name = "ID", conflicts_with_all = TABLES)]
    job_id: Option<String>,
    /// Print JSON, for programs; a line for each row of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    table: TableArguments,
}

/// Flags that name a table.
const TABLES: [&str; 2] = ["from_csv", "from_jsonl"];

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    let jobs = &app.jobs;
    match arguments.action {
        Action::List(list) => return show_list(&app, list).await,
        Action::Get(one) => show(&jobs.get_job(&one.job_id).await?, one.json)?,
        Action::Cancel { one, reason } => {
            show(&jobs.cancel_job(&one.job_id, reason, None).await?, one.json)?
        }
        Action::Retry(one) => show(&jobs.retry_job(&one.job_id, None).await?, one.json)?,
        Action::Recover(one) => show(&jobs.recover_job(&one.job_id, None).await?, one.json)?,
        Action::Undo(one) => show(&jobs.undo_job(&one.job_id, None).await?, one.json)?,
        Action::RetryItems(one) => show(
            &jobs.retry_failed_items(&one.job_id, None).await?.job,
            one.json,
        )?,
        Action::Delete(one) => {
            jobs.delete_job(&one.job_id, None).await?;
            match one.json {
                true => {
                    say_json(&json!({"message": "Job deleted successfully", "job_id": one.job_id}))?
                }
                false => say(format_args!("deleted {}", one.job_id))?,
            }
        }
        Action::Create(create) => {
            let json = create.json;
            if let Some(table) = create.table.open()? {
                let defaults = table::Defaults {
                    job_type: create.job_type,
                    labels: create.labels,
                };
                return table.run(&app, defaults, json).await;
            }
            show(&jobs.create_job((*create).into(), None).await?.job, json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl From<Create> for NewJob {
    fn from(create: Create) -> Self {
        Self {
            job_type: create.job_type.unwrap_or_default(),
            job_id: create.job_id,
            mode: create.mode,
            content: create.content,
            user_requirement: create.requirement,
            style: create.style,
            project_title: create.title,
            request_data: create.request_data,
            priority: create.priority,
            labels: create.labels.into_iter().collect(),
            ..NewJob::default()
        }
    }
}

async fn show_list(app: &App, list: List) -> Result<ExitCode, Failure> {
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
    let unknown = || {
        Failure::Usage(
            "this cursor is not one that a list gave: begin again without --cursor".to_owned(),
        )
    };
    let after = match list.cursor {
        Some(text) => PageAfter::Cursor(Cursor::decode(&text).ok_or_else(unknown)?),
        None => PageAfter::Start,
    };
    let page = app
        .jobs
        .list_jobs(&filter, order, after, list.limit, View::Summary)
        .await?;
    let next = page.next.map(|c| c.encode());
    if list.json {
        let rows: Vec<Value> = page.jobs.iter().map(job_json).collect();
        let pagination = json!({"total": page.total.jobs, "total_exact": page.total.exact, "limit": list.limit, "has_more": next.is_some(), "next_cursor": next});
        say_json(&json!({"jobs": rows, "pagination": pagination}))?;
        return Ok(ExitCode::SUCCESS);
    }
    if page.jobs.is_empty() {
        match next {
            Some(next) => say(format_args!(
                "no matching jobs so far; continue the search with --cursor {next}"
            ))?,
            None => say("no jobs")?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    say(table(&page.jobs))?;
    match next {
        Some(next) => say(format_args!(
            "{} of {}; the next page: --cursor {next}",
            page.jobs.len(),
            page.total
        ))?,
        None => say(format_args!("{} of {}", page.jobs.len(), page.total))?,
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

fn show(job: &job::Model, json: bool) -> Result<(), Failure> {
    if json {
        return say_json(&job_json(job));
    }
    let time = |t: Option<chrono::DateTime<chrono::Utc>>| {
        t.map(|t| t.format("%Y-%m-%d %H:%M:%S UTC").to_string())
    };
    let fields = [
        ("job_id", Some(job.id.clone())),
        ("type", Some(job.job_type.clone())),
        ("status", Some(job.status.to_string())),
        ("progress", Some(format!("{:.1} %", job.progress))),
        ("stage", job.current_stage.clone()),
        (
            "shots",
            Some(format!("{} of {}", job.completed_shots, job.total_shots)),
        ),
        (
            "attempt",
            Some(format!("{} of {}", job.attempt, job.max_attempts)),
        ),
        ("title", job.project_title.clone()),
        ("error", job.error_message.clone()),
        ("created", time(Some(job.created_at))),
        ("started", time(job.started_at)),
        ("ended", time(job.completed_at)),
        ("runs after", time(job.run_at)),
        ("ends by", time(job.run_until)),
        ("version", Some(job.version.to_string())),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            say(format_args!("{name:<11} {}", plain(&value)))?;
        }
    }
    Ok(())
}

fn status(text: &str) -> Result<JobStatus, String> {
    serde_json::from_value(Value::from(text))
        .map_err(|_| "use queued, processing, completed, failed or cancelled".to_owned())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("use KEY=VALUE, e.g. team=red")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|e| format!("use a JSON object: {e}"))
}
