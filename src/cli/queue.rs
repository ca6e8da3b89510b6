//! The `callsheet queue` command.

use super::{
    Failure,
    out::{say, say_json},
    plain,
};
use crate::{
    app::App,
    jobs::{Queue, QueuePatch},
};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show the settings of each queue, and its number of queued and running jobs
    List {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Pause a queue: workers get no job of this type until it is resumed, and running jobs go on
    Pause(One),
    /// Resume a queue: workers get jobs of this type again
    Resume(One),
    /// Limit the number of jobs of this type that run at once, on all servers together
    Limit {
        #[command(flatten)]
        one: One,
        /// Maximum number of running jobs, or `none` for no limit
        #[arg(value_name = "N", value_parser = limit)]
        most: Limit,
    },
    /// Limit how long an attempt of a job of this type may run; a longer one fails
    LimitTime {
        #[command(flatten)]
        one: One,
        /// Maximum seconds of an attempt, or `none` for no limit
        #[arg(value_name = "SECONDS", value_parser = limit)]
        most: Limit,
    },
}

#[derive(Args)]
struct One {
    /// Job type of the queue, e.g. idea2video
    job_type: String,
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

/// Value of the limit argument. A separate type, because clap treats an `Option` as an argument
/// that may be left out.
#[derive(Clone, Copy)]
struct Limit(Option<i32>);

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    let jobs = &app.jobs;
    let (queues, as_json) = match arguments.action {
        Action::List { json: true } => {
            let queues: Vec<Value> = jobs.list_queues().await?.iter().map(object).collect();
            say_json(&json!({"queues": queues}))?;
            return Ok(ExitCode::SUCCESS);
        }
        Action::List { json: false } => (jobs.list_queues().await?, false),
        Action::Pause(one) => (
            vec![jobs.set_queue(&one.job_type, Some(true), None).await?],
            one.json,
        ),
        Action::Resume(one) => (
            vec![jobs.set_queue(&one.job_type, Some(false), None).await?],
            one.json,
        ),
        Action::Limit { one, most } => (
            vec![jobs.set_queue(&one.job_type, None, Some(most.0)).await?],
            one.json,
        ),
        Action::LimitTime { one, most } => {
            let patch = QueuePatch {
                max_run_seconds: Some(most.0),
                ..QueuePatch::default()
            };
            (
                vec![jobs.change_queue(&one.job_type, patch).await?],
                one.json,
            )
        }
    };
    match (queues.as_slice(), as_json) {
        ([queue], true) => say_json(&object(queue))?,
        ([], _) => say("no queues")?,
        (queues, _) => say(table(queues))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn object(queue: &Queue) -> Value {
    let Queue {
        job_type,
        paused,
        max_running,
        max_run_seconds,
        queued,
        processing,
        ..
    } = queue;
    json!({
        "job_type": job_type, "paused": paused, "max_running": max_running,
        "max_run_seconds": max_run_seconds, "queued": queued, "processing": processing,
    })
}

fn table(queues: &[Queue]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    // The column is there only for those who limit the time.
    let timed = queues.iter().any(|queue| queue.max_run_seconds.is_some());
    let columns = if timed { 6 } else { 5 };
    let header = ["TYPE", "STATE", "LIMIT", "QUEUED", "PROCESSING", "SECONDS"];
    table.set_header(&header[..columns]);
    for queue in queues {
        let row = [
            plain(&queue.job_type),
            if queue.paused { "paused" } else { "open" }.to_owned(),
            queue
                .max_running
                .map_or("-".to_owned(), |most| most.to_string()),
            queue.queued.to_string(),
            queue.processing.to_string(),
            queue
                .max_run_seconds
                .map_or("-".to_owned(), |most| most.to_string()),
        ];
        table.add_row(&row[..columns]);
    }
    table
}

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        number => match number.parse() {
            Ok(most) if most >= 1 => Ok(Limit(Some(most))),
            _ => Err("use a number from 1 on, or none".to_owned()),
        },
    }
}
