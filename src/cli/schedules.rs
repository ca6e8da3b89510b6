//! The `callsheet schedules` command.

mod add;
mod table;
mod verbs;

use super::{
    Failure,
    answers::seconds,
    out::{note, say, say_json},
    plain,
    target::Target,
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::process::ExitCode;
use verbs::Verb;

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
    /// Add a schedule, which creates a job at each of its times; a running server does it
    Add(Box<add::Arguments>),
    /// Show all schedules with their next times
    List {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Show the times of a schedule in words, and the next ones
    Next {
        /// Id of the schedule
        id: String,
        /// Number of times
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
        count: u32,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Pause a schedule: its times pass without jobs until it is resumed
    Pause(One),
    /// Resume a schedule: its next time is the first after now
    Resume(One),
    /// Create a job of the schedule now, whatever its times; prints the job's id
    Run(One),
    /// Remove a schedule; its jobs stay
    Remove(One),
}

#[derive(Args)]
struct One {
    /// Id of the schedule
    id: String,
}

impl Arguments {
    /// Returns whether the command may create the database.
    pub fn creates(&self) -> bool {
        matches!(self.action, Action::Add(_))
    }
}

pub async fn run(target: Target, arguments: Arguments) -> Result<ExitCode, Failure> {
    let done = act(&target, arguments.action).await;
    target.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(target: &Target, action: Action) -> Result<(), Failure> {
    let steer = async |One { id }: One, verb| target.steer_schedule(&id, verb).await;
    match action {
        Action::Add(arguments) => add::run(target, *arguments).await,
        Action::List { json } => list(target, json).await,
        Action::Next { id, count, json } => print(&target.next_runs(&id, count).await?, json),
        Action::Pause(one) => {
            let schedule = steer(one, Verb::Pause).await?;
            note(format_args!("Paused {}.", id_of(&schedule)));
            Ok(())
        }
        Action::Resume(one) => {
            let schedule = steer(one, Verb::Resume).await?;
            let next = seconds(&schedule["next_at"]).unwrap_or("none".to_owned());
            let id = id_of(&schedule);
            note(format_args!("Resumed {id}; its next time: {next}."));
            Ok(())
        }
        Action::Run(one) => {
            let job = steer(one, Verb::Run).await?;
            say(plain(job["job_id"].as_str().unwrap_or("-")))
        }
        Action::Remove(One { id }) => {
            target.remove_schedule(&id).await?;
            note(format_args!("Removed {}; its jobs stay.", plain(&id)));
            Ok(())
        }
    }
}

async fn list(target: &Target, json: bool) -> Result<(), Failure> {
    let all = target.schedules().await?;
    match (json, all.is_empty()) {
        (true, _) => say_json(&json!({"schedules": all})),
        (false, true) => say("no schedules"),
        (false, false) => say(table::table(&all)),
    }
}

/// Prints the times in words, notes, and the next times.
fn print(preview: &Value, json: bool) -> Result<(), Failure> {
    if json {
        return say_json(preview);
    }
    say(plain(preview["words"].as_str().unwrap_or_default()))?;
    say_notes(preview);
    for time in preview["next"].as_array().into_iter().flatten() {
        say(seconds(time).unwrap_or_default())?;
    }
    Ok(())
}

fn say_notes(preview: &Value) {
    let notes = preview["notes"].as_array().into_iter().flatten();
    for advice in notes.filter_map(Value::as_str) {
        note(format_args!("Note: {}", plain(advice)));
    }
}

fn id_of(schedule: &Value) -> String {
    plain(schedule["schedule_id"].as_str().unwrap_or("-"))
}
