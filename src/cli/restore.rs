//! The `callsheet restore` command.

use super::{Failure, out::note};
use crate::{
    app::App,
    clock::{Clock, SystemClock},
    config::{Config, Flags, ServerFlags},
    db::{Restored, migrate as schema, restore},
    jobs::{LeasedPolicy, ReleasedAfterRestore},
    shown_url::shown_url,
    telemetry,
};
use clap::{Args, ValueEnum};
use std::{path::PathBuf, process::ExitCode};

#[derive(Args)]
pub struct Arguments {
    /// Backup that `callsheet backup` or the server made
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Put the backup in the place of the SQLite file of --database-url, which is kept beside it
    #[arg(long)]
    replace: bool,
    /// What becomes of jobs that were processing when the backup was made
    #[arg(long, value_enum, default_value_t = Interrupted::Keep)]
    interrupted: Interrupted,
}

#[derive(Clone, Copy, ValueEnum)]
enum Interrupted {
    /// They stay processing without a worker, until a person retries or cancels them
    Keep,
    /// They fail at once
    Fail,
    /// They go back to the queue with their checkpoint
    Requeue,
}

impl From<Interrupted> for LeasedPolicy {
    fn from(chosen: Interrupted) -> Self {
        match chosen {
            Interrupted::Keep => Self::Keep,
            Interrupted::Fail => Self::Fail,
            Interrupted::Requeue => Self::Requeue,
        }
    }
}

pub async fn run(flags: Flags, arguments: Arguments) -> Result<ExitCode, Failure> {
    let config = Config::load(flags, ServerFlags::default())?;
    telemetry::start(&config.log, config.log_format).map_err(Failure::Usage)?;
    let direct = config.listen_url.as_ref();
    let url = direct.unwrap_or(&config.database_url).clone();
    let policy = arguments.interrupted.into();
    let make_safe = async |url: String| make_safe(config, url, policy).await;
    let (place, released) = restore(
        &url,
        &arguments.file,
        arguments.replace,
        SystemClock.now(),
        make_safe,
    )
    .await?;
    let jobs = match released.jobs {
        0 => String::new(),
        1 => "; 1 job that was processing lost its worker".to_owned(),
        n => format!("; {n} jobs that were processing lost their workers"),
    };
    note(format_args!("Restored into {}{jobs}", shown_url(&url)));
    if let Restored::Replaced(kept) = place {
        note(format_args!(
            "The earlier database is kept as {}",
            kept.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Brings the schema of the restored database up to date, and takes the leases of its time away.
async fn make_safe(
    config: Config,
    url: String,
    policy: LeasedPolicy,
) -> Result<ReleasedAfterRestore, Failure> {
    let config = Config {
        database_url: url,
        listen_url: None,
        statement_cache: None,
        ..config
    };
    let app = App::open(config, false, false).await?;
    let db = app.jobs.database().clone();
    let released = async {
        schema::migrate(&db, schema::Change::Up { limit: None }).await?;
        Ok(app.jobs.release_restored(policy).await?)
    };
    let released = released.await;
    let _ = db.close().await;
    released
}
