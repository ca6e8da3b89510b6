//! The `callsheet migrate` command.

use super::{
    Failure,
    out::{note, say, say_json},
};
use crate::{
    app::App,
    db::migrate::{self as schema, Change, Lock, Plan, PlannedStep},
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    direction: Direction,
}

impl Arguments {
    /// Returns whether the command may create a database that does not exist.
    pub fn creates(&self) -> bool {
        !matches!(self.direction, Direction::Status | Direction::Plan { .. })
    }
}

#[derive(Subcommand)]
enum Direction {
    /// Apply pending steps
    Up {
        /// Maximum number of steps; all if left out
        #[arg(long, value_name = "N")]
        steps: Option<u32>,
    },
    /// Undo applied steps, the newest first
    Down {
        /// Maximum number of steps
        #[arg(long, value_name = "N", default_value_t = 1)]
        steps: u32,
        /// Drop tables even if they hold rows
        #[arg(long)]
        yes: bool,
    },
    /// Show which steps are applied
    Status,
    /// Print the SQL of the pending steps and what they lock; changes nothing
    Plan {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Drop Callsheet's tables, then apply all steps
    Fresh {
        /// Confirm that the tables may be dropped
        #[arg(long)]
        yes: bool,
    },
    /// Undo all steps, then apply them again
    Refresh {
        /// Confirm that the tables may be dropped
        #[arg(long)]
        yes: bool,
    },
    /// Undo all steps
    Reset {
        /// Confirm that the tables may be dropped
        #[arg(long)]
        yes: bool,
    },
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    match arguments.direction {
        Direction::Up { steps } => change(&app, Change::Up { limit: steps }).await,
        Direction::Status => status(&app).await,
        Direction::Plan { json } => plan(&app, json).await,
        // Empty tables can be dropped without a confirmation.
        Direction::Down { steps, yes } => {
            drop_and_change(&app, Change::Down { limit: steps }, yes, false).await
        }
        Direction::Fresh { yes } => drop_and_change(&app, Change::Fresh, yes, true).await,
        Direction::Refresh { yes } => drop_and_change(&app, Change::Refresh, yes, true).await,
        Direction::Reset { yes } => drop_and_change(&app, Change::Reset, yes, true).await,
    }
}

async fn status(app: &App) -> Result<ExitCode, Failure> {
    for step in schema::status(app.jobs.database()).await? {
        say(format_args!(
            "{}  {}",
            if step.applied { "applied" } else { "pending" },
            step.name
        ))?;
    }
    if let Some(step) = schema::newer_step(app.jobs.database()).await? {
        say(format_args!("newer    {step}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn plan(app: &App, as_json: bool) -> Result<ExitCode, Failure> {
    let plan = schema::plan(app.jobs.database()).await?;
    if as_json {
        say_json(&object(&plan))?;
        return Ok(ExitCode::SUCCESS);
    }
    if plan.steps.is_empty() {
        say("nothing to do")?;
        return Ok(ExitCode::SUCCESS);
    }
    for step in &plan.steps {
        say(format_args!("-- step {}", step.name))?;
        for lock in &step.locks {
            say(format_args!(
                "-- locks {} ({}): {} wait until the last step is done",
                lock.table, lock.mode, lock.holds_up
            ))?;
        }
        for sql in &step.statements {
            say(format_args!("{sql};"))?;
        }
    }
    for table in &plan.rewritten {
        say(format_args!("-- writes all rows of {table} again"))?;
    }
    if plan.locks_file {
        say("-- locks the file: other writes wait until the last step is done, reads do not")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn object(plan: &Plan) -> Value {
    let lock =
        |lock: &Lock| json!({"table": lock.table, "mode": lock.mode, "holds_up": lock.holds_up});
    let step = |step: &PlannedStep| {
        let locks: Vec<Value> = step.locks.iter().map(lock).collect();
        json!({"name": step.name, "statements": step.statements, "locks": locks})
    };
    let steps: Vec<Value> = plan.steps.iter().map(step).collect();
    json!({"steps": steps, "rewritten": plan.rewritten, "locks_file": plan.locks_file})
}

async fn drop_and_change(
    app: &App,
    what: Change,
    yes: bool,
    always_ask: bool,
) -> Result<ExitCode, Failure> {
    let doomed = schema::preview(app.jobs.database(), what).await?;
    for table in &doomed {
        note(format_args!(
            "drops {} with {} rows",
            table.table, table.rows
        ));
    }
    let loses = doomed.iter().any(|t| t.rows > 0);
    if !yes && (always_ask || loses) {
        return Err(Failure::Other(
            "nothing was changed: this drops tables and cannot be undone; add --yes to confirm"
                .into(),
        ));
    }
    change(app, what).await
}

async fn change(app: &App, what: Change) -> Result<ExitCode, Failure> {
    let steps = schema::migrate(app.jobs.database(), what).await?;
    for step in &steps {
        say(step)?;
    }
    if steps.is_empty() {
        say("nothing to do")?;
    }
    Ok(ExitCode::SUCCESS)
}
