//! The `callsheet queue` command.

mod verbs;

use super::{
    Failure,
    out::{say, say_json},
    plain,
    target::Target,
};
use crate::jobs::{Keep, KeepPatch, Queue, QueuePatch, Then};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// URL of a server to call instead of opening the database, with the key of CALLSHEET_API_KEY
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
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
    /// Set how long ended jobs of this type are kept, and what becomes of them then
    Keep {
        #[command(flatten)]
        one: One,
        /// Time for completed jobs, such as 30d; 0, forever, or default for that of the server
        #[arg(long, value_name = "DURATION", value_parser = keep, allow_hyphen_values = true)]
        completed: Option<OwnKeep>,
        /// Time for failed jobs
        #[arg(long, value_name = "DURATION", value_parser = keep, allow_hyphen_values = true)]
        failed: Option<OwnKeep>,
        /// Time for cancelled jobs
        #[arg(long, value_name = "DURATION", value_parser = keep, allow_hyphen_values = true)]
        cancelled: Option<OwnKeep>,
        /// What happens to ended jobs that were kept long enough: delete, archive, or default for
        /// that of the server
        #[arg(long, value_name = "WORD", value_parser = then)]
        then: Option<OwnThen>,
        /// Whether files in the media folder stay when a job is deleted: true, false, or default
        /// for that of the server
        #[arg(long, value_name = "BOOL", value_parser = media)]
        media: Option<OwnMedia>,
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

/// Part of a rule of retention; `None` is the default of the server. A separate type for the reason
/// given at [`Limit`].
#[derive(Clone, Copy)]
struct OwnKeep(Option<Keep>);

#[derive(Clone, Copy)]
struct OwnThen(Option<Then>);

#[derive(Clone, Copy)]
struct OwnMedia(Option<bool>);

pub async fn run(target: Target, arguments: Arguments) -> Result<ExitCode, Failure> {
    let done = act(&target, arguments.action).await;
    target.close().await;
    done
}

async fn act(target: &Target, action: Action) -> Result<ExitCode, Failure> {
    let change = async |one: One, patch: QueuePatch| {
        let queue = target.change_queue(&one.job_type, patch).await?;
        Ok::<_, Failure>((vec![queue], one.json))
    };
    let pause = |paused| QueuePatch {
        paused: Some(paused),
        ..QueuePatch::default()
    };
    let (queues, as_json) = match action {
        Action::List { json: true } => {
            let queues: Vec<Value> = target.queues().await?.iter().map(object).collect();
            say_json(&json!({"queues": queues}))?;
            return Ok(ExitCode::SUCCESS);
        }
        Action::List { json: false } => (target.queues().await?, false),
        Action::Pause(one) => change(one, pause(true)).await?,
        Action::Resume(one) => change(one, pause(false)).await?,
        Action::Limit { one, most } => {
            let patch = QueuePatch {
                max_running: Some(most.0),
                ..QueuePatch::default()
            };
            change(one, patch).await?
        }
        Action::Keep {
            one,
            completed,
            failed,
            cancelled,
            then,
            media,
        } => {
            let keep = KeepPatch {
                completed: completed.map(|keep| keep.0),
                failed: failed.map(|keep| keep.0),
                cancelled: cancelled.map(|keep| keep.0),
                then: then.map(|then| then.0),
                media: media.map(|media| media.0),
            };
            let patch = QueuePatch {
                keep,
                ..QueuePatch::default()
            };
            change(one, patch).await?
        }
        Action::LimitTime { one, most } => {
            let patch = QueuePatch {
                max_run_seconds: Some(most.0),
                ..QueuePatch::default()
            };
            change(one, patch).await?
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
        keep,
        queued,
        processing,
        ..
    } = queue;
    let text = |keep: Option<Keep>| keep.map(|keep| keep.to_string());
    json!({
        "job_type": job_type, "paused": paused, "max_running": max_running,
        "max_run_seconds": max_run_seconds,
        "keep": {
            "completed": text(keep.completed), "failed": text(keep.failed),
            "cancelled": text(keep.cancelled),
        },
        "then": keep.then.map(Then::name), "keep_media": keep.keep_media, "queued": queued, "processing": processing,
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

fn keep(text: &str) -> Result<OwnKeep, String> {
    match text {
        "default" => Ok(OwnKeep(None)),
        text => Keep::parse(text).map(|keep| OwnKeep(Some(keep))),
    }
}

fn then(text: &str) -> Result<OwnThen, String> {
    match (text, Then::named(text)) {
        ("default", _) => Ok(OwnThen(None)),
        (_, Some(then)) => Ok(OwnThen(Some(then))),
        _ => Err("use delete, archive or default".to_owned()),
    }
}

fn media(text: &str) -> Result<OwnMedia, String> {
    match (text, text.parse()) {
        ("default", _) => Ok(OwnMedia(None)),
        (_, Ok(keeps)) => Ok(OwnMedia(Some(keeps))),
        _ => Err("use true, false or default".to_owned()),
    }
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
