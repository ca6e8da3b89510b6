//! The `callsheet migrate` command.

use super::{
    Failure,
    out::{note, say},
};
use crate::{
    app::App,
    db::migrate::{self as schema, Change},
};
use clap::{Args, Subcommand};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    direction: Direction,
}

impl Arguments {
    /// Returns whether the command may create a database that does not exist.
    pub fn creates(&self) -> bool {
        !matches!(self.direction, Direction::Status)
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
    Ok(ExitCode::SUCCESS)
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
