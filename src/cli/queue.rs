//! `callsheet queue`.

use super::{
    Failure,
    out::{say, say_json},
    plain,
};
use crate::{app::App, jobs::Queue};
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
    /// Show what is set for each type of job, and how many of its jobs wait and run
    List {
        /// Answer as JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Give no worker a job of this type until it is resumed; jobs that run go on
    Pause(One),
    /// Give jobs of this type to workers again
    Resume(One),
    /// Let so many jobs of this type run at once, on all servers together
    Limit {
        #[command(flatten)]
        one: One,
        /// How many, or `none` for any number
        #[arg(value_name = "N", value_parser = limit)]
        most: Limit,
    },
}

#[derive(Args)]
struct One {
    /// Type of the jobs, e.g. idea2video
    job_type: String,
    /// Answer as JSON, for programs
    #[arg(long)]
    json: bool,
}

/// A type of its own, because clap takes an `Option` for an argument that may be left out.
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
        Action::Pause(one) => (vec![jobs.set_queue(&one.job_type, Some(true), None).await?], one.json),
        Action::Resume(one) => (vec![jobs.set_queue(&one.job_type, Some(false), None).await?], one.json),
        Action::Limit { one, most } => (vec![jobs.set_queue(&one.job_type, None, Some(most.0)).await?], one.json),
    };
    match (queues.as_slice(), as_json) {
        ([queue], true) => say_json(&object(queue))?,
        ([], _) => say("no queues")?,
        (queues, _) => say(table(queues))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn object(queue: &Queue) -> Value {
    let Queue { job_type, paused, max_running, queued, processing, .. } = queue;
    json!({
        "job_type": job_type, "paused": paused, "max_running": max_running, "queued": queued, "processing": processing,
    })
}

fn table(queues: &[Queue]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["TYPE", "STATE", "LIMIT", "QUEUED", "PROCESSING"]);
    for queue in queues {
        table.add_row([
            plain(&queue.job_type),
            if queue.paused { "paused" } else { "open" }.to_owned(),
            queue.max_running.map_or("-".to_owned(), |most| most.to_string()),
            queue.queued.to_string(),
            queue.processing.to_string(),
        ]);
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
