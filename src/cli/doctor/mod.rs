//! The `callsheet doctor` command: looks for what is wrong, and changes nothing.

mod config;
mod database;
mod deep;
mod finding;
mod limits;
mod postgres;
mod redis_tier;
mod schema;
mod server;
mod servers;
mod settings;
mod sqlite;
mod work;

pub use config::check_config;
pub use database::check_version;
pub use finding::{Finding, Severity};
pub use limits::Limits;
pub use postgres::check_postgres;
pub use server::{check_answer, check_health};
pub use servers::{check_connections, check_versions};
pub use sqlite::check_sqlite;

use super::{
    Failure,
    out::{say, say_json},
    plain,
};
use crate::{
    clock::{Clock, SystemClock},
    config::{Config, Flags, admin_key, api_key},
    db::{ConnectError, Inspector},
};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

#[derive(Args)]
pub struct Arguments {
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
    /// Also read every job: compare stored counts and labels with the jobs, and check a SQLite file
    #[arg(long)]
    deep: bool,
    /// Exit with 1 on warnings too
    #[arg(long)]
    strict: bool,
    /// URL of a server to ask as well, e.g. http://127.0.0.1:3001
    #[arg(long, value_name = "URL")]
    server: Option<callsheet_client::Server>,
    /// File with the key to send to that server; or set the key itself in CALLSHEET_API_KEY
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
}

pub async fn run(flags: Flags, arguments: Arguments) -> Result<ExitCode, Failure> {
    let (mut found, config) = check_config(&flags);
    if let Some(config) = &config {
        let connections = config.database_connections;
        let limits = Limits {
            connections: connections.into(),
            min_free_disk: config.min_free_disk_bytes,
            needs_key: needs_key(config)?,
            ..Limits::default()
        };
        let now = SystemClock.now();
        found.extend(redis_tier::check(config.redis.as_ref()).await);
        // A pooler would give the settings of this connection to other clients.
        let url = config.listen_url.as_ref().unwrap_or(&config.database_url);
        found.extend(check_database(url, now, &limits, arguments.deep).await);
    }
    if let Some(server) = &arguments.server {
        let key = api_key(arguments.api_key_file.as_deref())?;
        found.extend(server::check(server, key.as_deref()).await);
    }
    if arguments.json {
        let checks: Vec<Value> = found.iter().map(Finding::object).collect();
        say_json(&json!({"ok": found.is_empty(), "checks": checks}))?;
    } else {
        show(&found)?;
    }
    Ok(ExitCode::from(u8::from(is_bad(&found, arguments.strict))))
}

/// Returns the address at which other machines would reach a server that has no key of its
/// configuration.
fn needs_key(config: &Config) -> Result<Option<SocketAddr>, Failure> {
    let is_wide = !config.listen.ip().is_loopback() && !config.no_auth;
    Ok((is_wide && admin_key()?.is_none()).then_some(config.listen))
}

/// Checks a database and the work in it. `deep` reads every job.
pub async fn check_database(
    url: &str,
    now: DateTime<Utc>,
    limits: &Limits,
    deep: bool,
) -> Vec<Finding> {
    let offset = now - SystemClock.now();
    let inspector = match Inspector::open(url).await {
        Ok(inspector) => inspector,
        Err(error @ ConnectError::Missing(_)) => {
            return vec![Finding::error(
                "database.missing",
                format!("{error}."),
                "Name the right database with --database-url, or start `callsheet serve`, which \
                makes it.",
            )];
        }
        Err(error) => {
            return vec![Finding::error(
                "database.unreachable",
                format!("{error}."),
                "Check that the database runs, and that --database-url has the right address, name \
                and password.",
            )];
        }
    };
    let mut found = database::check(&inspector, offset, limits).await;
    let is_whole = found.iter().all(|one| !one.stops_further_checks());
    if is_whole {
        found.extend(work::check(&inspector, now, limits).await);
        if deep {
            found.extend(deep::check(&inspector).await);
        }
    }
    inspector.close().await;
    found
}

fn is_bad(found: &[Finding], strict: bool) -> bool {
    let is_bad = |one: &Finding| strict || one.severity == Severity::Error;
    found.iter().any(is_bad)
}

fn show(found: &[Finding]) -> Result<(), Failure> {
    if found.is_empty() {
        return say("nothing is wrong");
    }
    for one in found {
        let severity = one.severity.as_str();
        say(format!("{severity}  {}  {}", one.id, plain(&one.what)))?;
        say(format!("  {}", plain(&one.fix)))?;
    }
    Ok(())
}
