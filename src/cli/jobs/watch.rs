//! `callsheet jobs watch`: follows one job until it ends.

use crate::{
    cli::{
        Failure,
        out::{say, say_json},
        plain,
        target::Target,
    },
    export::job_json,
    lifecycle::is_terminal,
};
use entity::{JobStatus, job};
use indicatif::{ProgressBar, ProgressStyle};
use std::{io::IsTerminal, process::ExitCode};

/// Follows the job: with a bar if standard error is a terminal, otherwise with a line for each
/// change. The exit code is 0 if the job completes, and 1 if it fails or is cancelled.
pub async fn run(target: &Target, id: &str, json: bool) -> Result<ExitCode, Failure> {
    let mut job = target.job(id).await?;
    let bar = (!json && std::io::stderr().is_terminal()).then(bar);
    let mut shown = None;
    loop {
        if shown != Some(job.version) {
            shown = Some(job.version);
            match &bar {
                Some(bar) => draw(bar, &job),
                None if json => say_json(&job_json(&job))?,
                None => say(line(&job))?,
            }
        }
        if is_terminal(job.status) {
            break;
        }
        job = target.job_after(&job).await?;
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
        say(line(&job))?;
    }
    let done = job.status == JobStatus::Completed;
    Ok(if done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(100);
    let template = "{elapsed_precise} [{bar:30}] {pos:>3} % {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn draw(bar: &ProgressBar, job: &job::Model) {
    bar.set_position(job.progress.clamp(0.0, 100.0) as u64);
    bar.set_message(words(job));
}

fn line(job: &job::Model) -> String {
    let at = job.updated_at.format("%Y-%m-%d %H:%M:%S");
    format!("{at} {:.0} % {}", job.progress, words(job))
}

/// Returns the status, the stage, the shots and the error of the job, in one line.
fn words(job: &job::Model) -> String {
    let mut words = vec![job.status.to_string()];
    let is_over = is_terminal(job.status);
    words.extend(job.current_stage.as_deref().filter(|_| !is_over).map(plain));
    if job.total_shots > 0 {
        words.push(format!("{}/{} shots", job.completed_shots, job.total_shots));
    }
    let error = job.error_message.as_deref();
    words.extend(error.and_then(|error| error.lines().next()).map(plain));
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::answers::job_of;
    use serde_json::json;

    #[test]
    fn a_line_has_what_changes_and_no_control_characters() {
        let at = "2026-01-31T12:00:00Z";
        let job = job_of(json!({
            "job_id": "film", "job_type": "idea2video", "status": "processing", "progress": 40.4,
            "current_stage": "Rendering \u{1b}[2J", "total_shots": 10, "completed_shots": 4,
            "priority": 0, "attempt": 1, "max_attempts": 3, "version": 7, "error": null,
            "created_at": at, "updated_at": at,
        }));
        let shown = line(&job.unwrap());
        let beginning = "2026-01-31 12:00:00 40 % processing, Rendering ";
        assert!(shown.starts_with(beginning), "{shown}");
        assert!(
            shown.ends_with("4/10 shots") && !shown.contains('\u{1b}'),
            "{shown}"
        );
    }
}
