//! The `callsheet keys` command.

use super::{
    Failure,
    jobs::pair,
    out::{note, say, say_json},
    plain,
};
use crate::{
    app::App,
    jobs::{Binding, CreatedKey, NewKey, ROLES, role_name, role_named},
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use entity::{Role, api_key};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Create a key and print its text, once; from the first key on, every call needs one
    Create {
        /// What the key may do
        #[arg(long, value_name = "ROLE", value_parser = PossibleValuesParser::new(ROLES.map(|(_, name)| name)))]
        role: String,
        /// Name of the key, for people [default: the role]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Days after which the key is refused [default: valid until it is revoked]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        expires_in_days: Option<u32>,
        /// Bind the key to jobs of this type; can be repeated
        #[arg(long = "job-type", value_name = "JOB_TYPE")]
        job_types: Vec<String>,
        /// Bind the key to jobs with this label; can be repeated
        #[arg(long = "label", value_name = "KEY=VALUE", value_parser = pair)]
        labels: Vec<(String, String)>,
        /// Requests that the key may make in a minute, on each server [default: any number]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=1_000_000))]
        requests_per_minute: Option<i32>,
    },
    /// Show all keys; their texts are not stored
    List {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key: servers refuse it within two seconds, and its streams and sessions end
    Revoke {
        /// Id of the key, as `keys list` shows it
        id: String,
    },
    /// Give a key another text and print it, once; the former text is refused from then on
    Rotate {
        /// Id of the key, as `keys list` shows it
        id: String,
    },
}

impl Arguments {
    /// Returns whether the command may create the database.
    pub fn creates(&self) -> bool {
        matches!(self.action, Action::Create { .. })
    }
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    let jobs = &app.jobs;
    match arguments.action {
        Action::Create {
            role,
            name,
            expires_in_days,
            job_types,
            labels,
            requests_per_minute,
        } => {
            let days = expires_in_days.map(|days| TimeDelta::days(days.into()));
            let new = NewKey {
                name: name.unwrap_or_else(|| role.clone()),
                role: role_named(&role).unwrap_or(Role::Reader),
                expires_at: days.map(|days| jobs.now() + days),
                binding: Binding::new(job_types, labels.into_iter().collect()),
                requests_per_minute,
            };
            print(&jobs.create_key(new).await?, "Created")
        }
        Action::List { json } => {
            let keys = jobs.list_keys().await?;
            match (json, keys.is_empty()) {
                (true, _) => {
                    let keys: Vec<Value> = keys.iter().map(object).collect();
                    say_json(&json!({"keys": keys}))?;
                }
                (false, true) => say("no keys: nothing authenticates")?,
                (false, false) => say(table(&keys, jobs.now()))?,
            }
            Ok(ExitCode::SUCCESS)
        }
        Action::Revoke { id } => {
            let key = jobs.revoke_key(&id).await?;
            note(format_args!("Revoked {} ({}).", key.id, plain(&key.name)));
            Ok(ExitCode::SUCCESS)
        }
        Action::Rotate { id } => print(&jobs.rotate_key(&id).await?, "Rotated"),
    }
}

/// Prints the text of a key alone on standard output, so that a script can store it.
fn print(created: &CreatedKey, verb: &str) -> Result<ExitCode, Failure> {
    let row = &created.row;
    note(format_args!(
        "{verb} {} ({}, {}). Store the key: it is not shown again.",
        row.id,
        plain(&row.name),
        role_name(row.role)
    ));
    say(&created.text)?;
    Ok(ExitCode::SUCCESS)
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn object(key: &api_key::Model) -> Value {
    json!({
        "key_id": key.id, "name": key.name, "role": role_name(key.role),
        "job_types": key.job_types, "labels": key.labels,
        "created_at": text(key.created_at), "created_by": key.created_by,
        "expires_at": key.expires_at.map(text), "last_used_at": key.last_used_at.map(text),
        "requests_per_minute": key.requests_per_minute,
        "revoked_at": key.revoked_at.map(text),
    })
}

/// Types and labels that the key is bound to, in words.
fn bound(key: &api_key::Model) -> String {
    let Ok(binding) = Binding::of_columns(key.job_types.clone(), key.labels.clone()) else {
        return "(unreadable)".to_owned();
    };
    let labels = binding
        .labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let all: Vec<String> = binding.job_types.iter().cloned().chain(labels).collect();
    if all.is_empty() {
        "-".to_owned()
    } else {
        all.join(", ")
    }
}

fn state(key: &api_key::Model, now: DateTime<Utc>) -> &'static str {
    if key.revoked_at.is_some() {
        "revoked"
    } else if key.expires_at.is_some_and(|end| end <= now) {
        "expired"
    } else {
        "valid"
    }
}

fn table(keys: &[api_key::Model], now: DateTime<Utc>) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header([
            "ID",
            "NAME",
            "ROLE",
            "BOUND TO",
            "STATE",
            "EXPIRES",
            "LAST USED",
        ]);
    let or_dash = |time: Option<DateTime<Utc>>| time.map_or("-".to_owned(), text);
    for key in keys {
        table.add_row([
            key.id.clone(),
            plain(&key.name),
            role_name(key.role).to_owned(),
            plain(&bound(key)),
            state(key, now).to_owned(),
            or_dash(key.expires_at),
            or_dash(key.last_used_at),
        ]);
    }
    table
}
