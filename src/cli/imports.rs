//! The `callsheet imports` command.

mod json;
mod list;
mod rejects;
mod show;

use super::{Failure, remote::path, target::Target};
use clap::{Args, Subcommand};
use hyper::Method;
use json::run_json;
use list::list;
use rejects::rejects;
use serde_json::Value;
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

#[derive(Subcommand)]
enum Action {
    /// Show a page of imports, newest first
    List {
        /// Maximum number of imports on the page, 1 to 200
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=200))]
        limit: u64,
        /// Cursor of the next page, as printed below the page before
        #[arg(long)]
        cursor: Option<String>,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Show one import
    Show(One),
    /// Show the records that an import rejected, as far as they are kept
    Rejects(One),
    /// Abort a running import; the jobs imported so far stay
    Abort(One),
}

#[derive(Args)]
struct One {
    /// Id of the import
    import_id: String,
    /// Print JSON, for programs; for rejects one object per line, with the raw record
    #[arg(long)]
    json: bool,
}

pub async fn run(target: Target, arguments: Arguments) -> Result<ExitCode, Failure> {
    let done = act(&target, arguments.action).await;
    target.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(target: &Target, action: Action) -> Result<(), Failure> {
    match action {
        Action::List {
            limit,
            cursor,
            json,
        } => list(target, limit, cursor, json).await,
        Action::Show(one) => show(&get(target, &one.import_id).await?, one.json),
        Action::Rejects(one) => rejects(target, &one).await,
        Action::Abort(one) => show(&abort(target, &one.import_id).await?, one.json),
    }
}

async fn get(target: &Target, id: &str) -> Result<Value, Failure> {
    match target {
        Target::Database(app) => Ok(run_json(&app.jobs.get_import(id).await?)),
        Target::Server(server) => server.get(&path(&["imports", id], &[])?).await,
    }
}

async fn abort(target: &Target, id: &str) -> Result<Value, Failure> {
    match target {
        Target::Database(app) => Ok(run_json(&app.jobs.abort_import(id).await?)),
        Target::Server(server) => {
            let path = path(&["imports", id, "abort"], &[])?;
            server.call(Method::POST, &path, None).await
        }
    }
}
