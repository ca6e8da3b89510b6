//! The `callsheet jobs` command.

mod columns;
mod create;
mod list;
mod logs;
mod preview;
mod rows;
mod show;
mod table;
mod totals;
mod watch;

use super::{
    Failure,
    out::{say, say_json},
    target::{Target, Verb},
};
use clap::{Args, Subcommand};
use create::Create;
use list::List;
use serde_json::json;
use show::show;
use std::process::ExitCode;

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
        Action::List(list) => return list::run(target, list).await,
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
                return table.run(app, create.defaults(), json).await;
            }
            show(&create.run(target).await?, json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Parses a label of the form `KEY=VALUE`.
pub fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("use KEY=VALUE, e.g. team=red")?;
    Ok((key.to_owned(), value.to_owned()))
}
