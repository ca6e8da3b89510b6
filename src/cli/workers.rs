//! The `callsheet workers` command.

use super::{
    Failure,
    out::{note, say, say_json},
    plain,
};
use crate::{
    app::App,
    jobs::{Worker, WorkerStatus, Workers},
};
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    let Workers { workers, more } = app.jobs.list_workers().await?;
    if arguments.json {
        let workers: Vec<Value> = workers.iter().map(object).collect();
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

fn table(workers: &[Worker]) -> Table {
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
        let row = &worker.row;
        table.add_row([
            plain(&row.worker_id),
            plain(row.host.as_deref().unwrap_or("-")),
            word(worker.status).to_owned(),
            worker.jobs.len().to_string(),
            row.last_seen_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            row.claimed.to_string(),
            row.completed.to_string(),
            row.failed.to_string(),
            row.rescued.to_string(),
        ]);
    }
    table
}
