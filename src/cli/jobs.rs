//! The `callsheet jobs` command.

mod columns;
mod logs;
mod preview;
mod rows;
mod table;
mod totals;
mod watch;

use super::{
    Failure,
    answers::job_of,
    out::{say, say_json},
    plain,
    target::{Listed, Target, Verb},
};
use crate::{
    export::job_json,
    jobs::{Filter, NewJob, Order},
    strict_json,
};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use entity::{JobStatus, job};
use hyper::Method;
use serde_json::{Map, Value, json};
use std::process::ExitCode;
use table::TableArguments;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// URL of a server to call instead of opening the database, with the key of CALLSHEET_API_KEY
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
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
    /// Put a failed or cancelled job, or one whose worker is gone, back in the queue
    Retry(One),
    /// Put a failed job, or one whose worker is gone, back in the queue with its checkpoint
    Recover(One),
    /// Undo the last cancel, retry or change of priority, time or attempts, if nothing came after
    /// it
    Undo(One),
    /// Create a new job with the failed items of a job
    RetryItems(One),
    /// Delete a job with its items and its history; this cannot be undone
    Delete(One),
    /// Follow a job until it ends; the exit code is 0 if it completes
    Watch(One),
    /// Print the log lines that are kept of a job
    Logs {
        /// Id of the job
        job_id: String,
        /// Go on printing until the job ends
        #[arg(long, short)]
        follow: bool,
    },
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

pub async fn run(target: Target, arguments: Arguments) -> Result<ExitCode, Failure> {
    let done = act(&target, arguments.action).await;
    target.close().await;
    done
}

async fn act(target: &Target, action: Action) -> Result<ExitCode, Failure> {
    let steer = async |one: One, verb: Verb| -> Result<(), Failure> {
        show(&target.steer(&one.job_id, verb).await?, one.json)
    };
    match action {
        Action::List(list) => return show_list(target, list).await,
        Action::Watch(one) => return watch::run(target, &one.job_id, one.json).await,
        Action::Logs { job_id, follow } => return logs::run(target, &job_id, follow).await,
        Action::Get(one) => show(&target.job(&one.job_id).await?, one.json)?,
        Action::Cancel { one, reason } => steer(one, Verb::Cancel { reason }).await?,
        Action::Retry(one) => steer(one, Verb::Retry).await?,
        Action::Recover(one) => steer(one, Verb::Recover).await?,
        Action::Undo(one) => steer(one, Verb::Undo).await?,
        Action::RetryItems(one) => steer(one, Verb::RetryItems).await?,
        Action::Delete(one) => {
            target.delete(&one.job_id).await?;
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
                let app = target.database("A table of jobs")?;
                let defaults = table::Defaults {
                    job_type: create.job_type,
                    labels: create.labels,
                };
                return table.run(app, defaults, json).await;
            }
            show(&create.run(target).await?, json)?;
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

impl Create {
    async fn run(self, target: &Target) -> Result<job::Model, Failure> {
        match target {
            Target::Database(app) => Ok(app.jobs.create_job(self.into(), None).await?.job),
            Target::Server(server) => {
                let body = Value::Object(self.body());
                job_of(server.call(Method::POST, "/jobs", Some(&body)).await?)
            }
        }
    }

    /// Returns the job as the body of a request.
    fn body(self) -> Map<String, Value> {
        let texts = [
            ("job_type", self.job_type),
            ("job_id", self.job_id),
            ("mode", self.mode),
            ("content", self.content),
            ("user_requirement", self.requirement),
            ("style", self.style),
            ("project_title", self.title),
        ];
        let texts = texts.into_iter();
        let given = texts.filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
        let mut body: Map<String, Value> = given.collect();
        body.insert("priority".to_owned(), self.priority.into());
        if let Some(request) = self.request_data {
            body.insert("request_data".to_owned(), request.into());
        }
        let labels: Map<_, _> = self
            .labels
            .into_iter()
            .map(|(k, v)| (k, v.into()))
            .collect();
        body.insert("labels".to_owned(), labels.into());
        body
    }
}

async fn show_list(target: &Target, list: List) -> Result<ExitCode, Failure> {
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
        ("created by", job.created_by.clone()),
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

pub fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("use KEY=VALUE, e.g. team=red")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    match strict_json::read_or_say(text.as_bytes())? {
        Value::Object(members) => Ok(members),
        _ => Err("use a JSON object".to_owned()),
    }
}
