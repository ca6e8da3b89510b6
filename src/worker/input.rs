//! What the program of a job gets: a line of JSON on standard input, and environment variables.

use super::Worker;
use callsheet_client::lease::Claim;
use serde_json::json;

/// Returns the line of JSON that the program reads from standard input.
pub fn line(claim: &Claim) -> String {
    let mut line = json!({"job": claim.job, "items": claim.items}).to_string();
    line.push('\n');
    line
}

/// Returns environment variables with the main fields of the job, so that a shell script need not
/// parse JSON.
pub fn environment(worker: &Worker, claim: &Claim) -> [(&'static str, String); 7] {
    [
        ("CALLSHEET_JOB_ID", claim.id.clone()),
        ("CALLSHEET_JOB_TYPE", claim.text("job_type")),
        ("CALLSHEET_ATTEMPT", claim.number("attempt").to_string()),
        (
            "CALLSHEET_MAX_ATTEMPTS",
            claim.number("max_attempts").to_string(),
        ),
        ("CALLSHEET_WORKER_ID", worker.connection.worker_id.clone()),
        ("CALLSHEET_SERVER", worker.options.server.to_string()),
        (
            "CALLSHEET_JOB_TOKEN",
            claim.program_token.clone().unwrap_or_default(),
        ),
    ]
}
