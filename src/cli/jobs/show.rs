//! A job as `callsheet jobs` prints it.

use crate::{
    cli::{
        Failure,
        out::{say, say_json},
        plain,
    },
    export::job_json,
};
use chrono::{DateTime, Utc};
use entity::job;

/// Prints the job, as JSON for programs.
pub fn show(job: &job::Model, json: bool) -> Result<(), Failure> {
    if json {
        return say_json(&job_json(job));
    }
    let time = |t: Option<DateTime<Utc>>| t.map(|t| t.format("%Y-%m-%d %H:%M:%S UTC").to_string());
    let fields = [
        ("job_id", Some(job.id.clone())),
        ("type", Some(job.job_type.clone())),
        ("status", Some(job.status.to_string())),
        ("progress", Some(format!("{:.1} %", job.progress))),
        ("stage", job.current_stage.clone()),
        (
            "shots",
            Some(format!("{} of {}", job.completed_shots, job.total_shots)),
        ),
        (
            "attempt",
            Some(format!("{} of {}", job.attempt, job.max_attempts)),
        ),
        ("title", job.project_title.clone()),
        ("error", job.error_message.clone()),
        ("created", time(Some(job.created_at))),
        ("created by", job.created_by.clone()),
        ("started", time(job.started_at)),
        ("ended", time(job.completed_at)),
        ("runs after", time(job.run_at)),
        ("ends by", time(job.run_until)),
        ("version", Some(job.version.to_string())),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            say(format_args!("{name:<11} {}", plain(&value)))?;
        }
    }
    Ok(())
}
