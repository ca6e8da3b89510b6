//! `callsheet jobs logs`: prints the log lines of one job.

use crate::{
    cli::{Failure, out::say, plain, target::Target},
    lifecycle::{EventKind, is_terminal},
};
use serde_json::Value;
use std::process::ExitCode;

/// Prints the log lines that are kept of the job; with `follow`, also those that come until it
/// ends.
pub async fn run(target: &Target, id: &str, follow: bool) -> Result<ExitCode, Failure> {
    let mut job = target.job(id).await?;
    let mut after = 0;
    loop {
        after = print(target, id, after).await?;
        if !follow || is_terminal(job.status) {
            return Ok(ExitCode::SUCCESS);
        }
        job = target.job_after(&job).await?;
    }
}

/// Prints the lines behind an event, and returns the number of the last event.
async fn print(target: &Target, id: &str, mut after: i64) -> Result<i64, Failure> {
    loop {
        let (events, more) = target.events(id, after).await?;
        for event in &events {
            after = after.max(event.seq);
            if event.kind == EventKind::Logged.as_str() {
                let lines = event.data["lines"].as_array().into_iter().flatten();
                for line in lines.filter_map(Value::as_str) {
                    say(plain(line))?;
                }
            }
        }
        if !more || events.is_empty() {
            return Ok(after);
        }
    }
}
