//! The `callsheet webhooks add` command.

use super::{Failure, Target, id_of, note, say, text};
use crate::jobs::NewWebhook;
use clap::Args;
use std::collections::BTreeMap;

#[derive(Args)]
pub struct Arguments {
    /// URL of the endpoint, e.g. https://example.com/callsheet
    url: String,
    /// Kinds of messages, separated by commas, e.g. job.completed,job.progressed [default: the ends
    /// of jobs]
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    kinds: Option<Vec<String>>,
    /// Types of the jobs, separated by commas [default: all]
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    job_types: Vec<String>,
    /// Label that the jobs have; may be given several times
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or("use a key and a value, e.g. team=red")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub async fn run(target: &Target, arguments: Arguments) -> Result<(), Failure> {
    let new = NewWebhook {
        url: arguments.url,
        kinds: arguments.kinds,
        job_types: arguments.job_types,
        labels: BTreeMap::from_iter(arguments.labels),
    };
    let webhook = target.add_webhook(new).await?;
    note(format_args!(
        "Added {}. Its secret, shown this once:",
        id_of(&webhook)
    ));
    say(text(&webhook, "secret").unwrap_or_default())
}
