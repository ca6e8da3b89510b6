//! `callsheet schedules add`: a schedule from arguments.

use super::{id_of, note, plain, say, say_notes};
use crate::{
    cli::{Failure, answers::seconds, out::say_json, target::Target},
    strict_json,
};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Times {
    /// Cron expression: minute, hour, day of the month, month, day of the week
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// Distance between two times, e.g. 90m, 12h or 1d
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    every: Option<String>,
    /// A single time, e.g. 2026-12-24T18:00, in the time zone
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

#[derive(Args)]
pub struct Arguments {
    /// Id of the schedule: 1 to 40 of the characters a-z 0-9 _ . -
    id: String,
    #[command(flatten)]
    times: Times,
    /// Time zone of the expression, e.g. Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Type of the jobs, e.g. idea2video
    #[arg(long, value_name = "TYPE", required_unless_present = "template")]
    job_type: Option<String>,
    /// File with the fields of the jobs as JSON, as the body of POST /api/v1/jobs; - for standard
    /// input
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// What happens when the last job has not ended [default: skip]
    #[arg(long, value_name = "WHAT")]
    overlap: Option<OverlapWord>,
    /// Which of the times that passed while no server ran get jobs [default: last]
    #[arg(long, value_name = "WHICH")]
    missed: Option<MissedWord>,
    /// How late a time may be to get a job with --missed skip [default: 3600]
    #[arg(long, value_name = "SECONDS")]
    window_seconds: Option<i32>,
    /// Maximum delay of each job, different from time to time [default: 0]
    #[arg(long, value_name = "SECONDS")]
    jitter_seconds: Option<i32>,
    /// Time before which the schedule does not fire, e.g. 2027-01-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    starts_at: Option<DateTime<Utc>>,
    /// Time after which the schedule does not fire
    #[arg(long, value_name = "TIME")]
    ends_at: Option<DateTime<Utc>>,
    /// Let the schedule wait until it is resumed
    #[arg(long)]
    paused: bool,
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
enum OverlapWord {
    Skip,
    QueueOne,
    CancelPrevious,
    Allow,
}

#[derive(Clone, Copy, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
enum MissedWord {
    Last,
    Skip,
    All,
}

pub async fn run(target: &Target, arguments: Arguments) -> Result<(), Failure> {
    let as_json = arguments.json;
    let schedule = target.add_schedule(body(arguments)?).await?;
    if as_json {
        return say_json(&schedule);
    }
    say(plain(schedule["words"].as_str().unwrap_or_default()))?;
    let id = schedule["schedule_id"].as_str().unwrap_or_default();
    say_notes(&target.next_runs(id, 1).await?);
    let id = id_of(&schedule);
    match (
        schedule["paused_at"].is_null(),
        seconds(&schedule["next_at"]),
    ) {
        (false, _) => note(format_args!("Added {id}, paused.")),
        (true, Some(next)) => note(format_args!("Added {id}; its next time: {next}.")),
        (true, None) => note(format_args!("Added {id}.")),
    }
    Ok(())
}

/// Returns the body of a request.
fn body(arguments: Arguments) -> Result<Value, Failure> {
    let Times { cron, every, at } = arguments.times;
    let (kind, expr) = match (cron, every, at) {
        (Some(expr), ..) => ("cron", expr),
        (_, Some(expr), _) => ("every", expr),
        (.., at) => ("once", at.unwrap_or_default()),
    };
    let mut template = match &arguments.template {
        Some(file) => read(file)?,
        None => json!({}),
    };
    if let (Some(job_type), Some(members)) = (arguments.job_type, template.as_object_mut()) {
        members.insert("job_type".to_owned(), job_type.into());
    }
    let mut body = json!({
        "schedule_id": arguments.id, "kind": kind, "expr": expr, "template": template,
        "paused": arguments.paused,
    });
    let given = [
        ("timezone", json!(arguments.timezone)),
        ("overlap", json!(arguments.overlap)),
        ("missed", json!(arguments.missed)),
        ("window_seconds", json!(arguments.window_seconds)),
        ("jitter_seconds", json!(arguments.jitter_seconds)),
        ("starts_at", json!(arguments.starts_at)),
        ("ends_at", json!(arguments.ends_at)),
    ];
    for (name, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
        body[name] = value;
    }
    Ok(body)
}

fn read(file: &Path) -> Result<Value, Failure> {
    let unreadable = |why: &dyn std::fmt::Display| {
        Failure::Usage(format!("{} cannot be read: {why}", file.display()))
    };
    let text = if file == Path::new("-") {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|why| unreadable(&why))?;
    strict_json::read_or_say(text.as_bytes()).map_err(|why| unreadable(&why))
}
