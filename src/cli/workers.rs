//! The `callsheet workers` command.

use super::{
    Failure,
    answers::{taken, time},
    out::{note, say, say_json},
    plain,
    target::Target,
};
use crate::jobs::{Worker, WorkerStatus, Workers};
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// URL of a server to call instead of opening the database, with the key of CALLSHEET_API_KEY
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

pub async fn run(target: Target, arguments: Arguments) -> Result<ExitCode, Failure> {
    let (workers, more) = list(&target).await?;
    if arguments.json {
        say_json(&json!({"workers": workers, "more": more}))?;
    } else if workers.is_empty() {
        say("no workers")?;
    } else {
        say(table(&workers))?;
        if more {
            note("there are more workers; these were seen most recently");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the workers as JSON, and whether there are more.
async fn list(target: &Target) -> Result<(Vec<Value>, bool), Failure> {
    match target {
        Target::Database(app) => {
            let Workers { workers, more } = app.jobs.list_workers().await?;
            Ok((workers.iter().map(object).collect(), more))
        }
        Target::Server(server) => {
            let mut list = server.get("/workers").await?;
            let more = list["more"] == true;
            let mut workers = taken(&mut list, "workers");
            for worker in &mut workers {
                let held = taken(worker, "jobs");
                worker["jobs"] = held.iter().map(|job| job["job_id"].clone()).collect();
            }
            Ok((workers, more))
        }
    }
}

fn word(status: WorkerStatus) -> &'static str {
    match status {
        WorkerStatus::Busy => "busy",
        WorkerStatus::Idle => "idle",
        WorkerStatus::Stale => "stale",
    }
}

fn object(worker: &Worker) -> Value {
    let row = &worker.row;
    json!({
        "worker_id": row.worker_id, "host": row.host, "version": row.version, "job_types": row.job_types,
        "status": word(worker.status), "jobs": worker.jobs.iter().map(|job| &job.id).collect::<Vec<_>>(),
        "first_seen_at": row.first_seen_at, "last_seen_at": row.last_seen_at, "claimed": row.claimed,
        "completed": row.completed, "failed": row.failed, "rescued": row.rescued,
    })
}

fn table(workers: &[Value]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "WORKER",
        "HOST",
        "STATE",
        "JOBS",
        "LAST SEEN",
        "CLAIMED",
        "COMPLETED",
        "FAILED",
        "RESCUED",
    ]);
    for worker in workers {
        let word = |name: &str| plain(worker[name].as_str().unwrap_or("-"));
        let number = |name: &str| worker[name].as_i64().unwrap_or_default().to_string();
        table.add_row([
            word("worker_id"),
            word("host"),
            word("status"),
            worker["jobs"].as_array().map_or(0, Vec::len).to_string(),
            time(&worker["last_seen_at"]),
            number("claimed"),
            number("completed"),
            number("failed"),
            number("rescued"),
        ]);
    }
    table
}
