//! The `callsheet webhooks` command.

mod add;
mod table;
mod verbs;

use super::{
    Failure,
    answers::text,
    out::{note, say, say_json},
    plain,
    target::Target,
};
use crate::config::WebhookFlags;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::process::ExitCode;
use verbs::Verb;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    pub allowed: WebhookFlags,
    /// URL of a server to call instead of opening the database, with the key of CALLSHEET_API_KEY
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
}

#[derive(Subcommand)]
enum Action {
    /// Add a webhook and print its secret, which is shown this once; a running server sends it what
    /// happens to jobs from now on
    Add(add::Arguments),
    /// Show all webhooks with their states
    List {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Show a webhook
    Show {
        /// Id of the webhook
        id: String,
    },
    /// Send a test message now, and show the outcome
    Test(One),
    /// Print the secret that signs the messages of jobs which name a URL of their own
    Secret,
    /// Give a webhook a new secret, and print it; the former one signs as well for 24 hours
    RotateSecret(One),
    /// Send again what happened from a position or a time on
    Replay {
        /// Id of the webhook
        id: String,
        /// Position in the history behind which the replay begins
        #[arg(long, value_name = "N", required_unless_present = "since")]
        position: Option<i64>,
        /// Time of the first event, e.g. 2026-01-31T12:00:00Z
        #[arg(long, value_name = "TIME", conflicts_with = "position")]
        since: Option<DateTime<Utc>>,
    },
    /// Pause a webhook: it is sent nothing until it is resumed
    Pause(One),
    /// Resume a webhook that was paused or disabled: it is sent all that happened meanwhile
    Resume(One),
    /// Remove a webhook with its deliveries
    Remove(One),
    /// Show the newest deliveries of a webhook
    Deliveries {
        /// Id of the webhook; `jobs` for the URLs that jobs name
        id: String,
        /// Show only deliveries about this job
        #[arg(long, value_name = "ID")]
        job: Option<String>,
        /// Number of deliveries
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=200))]
        limit: u64,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Send a delivery again at once, with all of its attempts
    Retry {
        /// Id of the delivery
        id: i64,
    },
}

#[derive(Args)]
struct One {
    /// Id of the webhook
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
    let steer = async |One { id }: One, verb| target.steer_webhook(&id, verb).await;
    match action {
        Action::Add(arguments) => add::run(target, arguments).await,
        Action::List { json } => list(target, json).await,
        Action::Show { id } => say_json(&target.webhook(&id).await?),
        Action::Test(one) => tested(&steer(one, Verb::Test).await?),
        Action::Secret => say(target.webhook_secret().await?),
        Action::RotateSecret(one) => {
            let webhook = steer(one, Verb::RotateSecret).await?;
            note("The former secret signs as well for 24 hours. The new one, shown this once:");
            say(text(&webhook, "secret").unwrap_or_default())
        }
        Action::Replay {
            id,
            position,
            since,
        } => {
            target.replay_webhook(&id, position, since).await?;
            note("A running server sends it again now.");
            Ok(())
        }
        Action::Pause(one) => {
            let webhook = steer(one, Verb::Pause).await?;
            note(format_args!("Paused {}.", id_of(&webhook)));
            Ok(())
        }
        Action::Resume(one) => {
            let webhook = steer(one, Verb::Resume).await?;
            note(format_args!("Resumed {}.", id_of(&webhook)));
            Ok(())
        }
        Action::Remove(One { id }) => {
            target.remove_webhook(&id).await?;
            note(format_args!("Removed {} with its deliveries.", plain(&id)));
            Ok(())
        }
        Action::Deliveries {
            id,
            job,
            limit,
            json,
        } => deliveries(&target.deliveries(&id, job, limit).await?, json),
        Action::Retry { id } => {
            target.retry_delivery(id).await?;
            note("A running server sends it again now.");
            Ok(())
        }
    }
}

async fn list(target: &Target, json: bool) -> Result<(), Failure> {
    let all = target.webhooks().await?;
    match (json, all.is_empty()) {
        (true, _) => say_json(&json!({"webhooks": all})),
        (false, true) => say("no webhooks"),
        (false, false) => say(table::table(&all)),
    }
}

fn tested(sent: &Value) -> Result<(), Failure> {
    if sent["state"] == "delivered" {
        let status = &sent["status_code"];
        return say(format_args!(
            "The endpoint accepted the message ({status})."
        ));
    }
    let why = text(sent, "error").unwrap_or_default();
    Err(Failure::Other(plain(&why)))
}

fn deliveries(rows: &[Value], json: bool) -> Result<(), Failure> {
    match (json, rows.is_empty()) {
        (true, _) => say_json(&json!({"deliveries": rows})),
        (false, true) => say("no deliveries"),
        (false, false) => say(table::deliveries(rows)),
    }
}

fn id_of(webhook: &Value) -> String {
    plain(webhook["webhook_id"].as_str().unwrap_or("-"))
}
