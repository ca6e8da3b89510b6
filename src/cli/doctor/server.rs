//! Checks of a running server, by what it says of its health.

use super::finding::Finding;
use callsheet_client::{Client, Server};
use serde_json::Value;
use std::time::Duration;

/// Time in which the server has to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the server for its health, of which it gives the status alone to a caller without a key.
pub async fn check(server: &Server, key: Option<&str>) -> Vec<Finding> {
    let unreachable = |why: String| {
        vec![Finding::error(
            "server.unreachable",
            format!("The server {server} does not answer: {why}."),
            "Check that it runs, that the URL is right, and what its log says.",
        )]
    };
    let client = match Client::new(server.clone(), key) {
        Ok(client) => client.timeout(PATIENCE),
        Err(error) => return unreachable(error.to_string()),
    };
    let answer = match client.get("/health").await {
        Ok((_, body)) => body,
        Err(why) => return unreachable(why),
    };
    let answer = serde_json::from_slice(&answer).unwrap_or_default();
    check_answer(&answer, key)
        .unwrap_or_else(|| unreachable("something else than Callsheet answers".to_owned()))
}

/// Checks the answer of `GET /health`, to a call with the key; `None` if it is not Callsheet's.
pub fn check_answer(answer: &Value, key: Option<&str>) -> Option<Vec<Finding>> {
    if answer["health"].is_object() {
        return Some(check_health(&answer["health"]));
    }
    if answer["code"].is_string() {
        return Some(vec![refused(answer)]);
    }
    answer["status"].as_str()?;
    let mut found = check_health(answer);
    if answer["version"].is_null() {
        found.push(status_alone(key));
    }
    Some(found)
}

/// Returns the finding that the server answered with a problem.
fn refused(problem: &Value) -> Finding {
    let detail = problem["detail"].as_str().unwrap_or_default();
    if problem["code"] == "not_ready" {
        return Finding::error(
            "server.failing",
            format!("The server cannot do its work. {detail}"),
            "See the log of the server.",
        );
    }
    Finding::warning(
        "server.refused",
        format!("The server does not show its health: {detail}"),
        "Do what the sentence says, then run `callsheet doctor` again.",
    )
}

/// Returns the finding that the server did not show its report.
fn status_alone(key: Option<&str>) -> Finding {
    let shown = match key {
        Some(_) => "its status alone for this key, which is not valid or bound to some jobs",
        None => "its status alone to a caller without a key",
    };
    Finding::warning(
        "server.status_only",
        format!("The server shows {shown}: its loops, log and version were not checked."),
        "Give a key of any role that is not bound: --api-key-file FILE, or set CALLSHEET_API_KEY.",
    )
}

/// Checks the report of `GET /health`.
pub fn check_health(health: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    let reasons = health["reasons"].as_array().into_iter().flatten();
    let reasons: Vec<&str> = reasons.filter_map(Value::as_str).collect();
    let reasons = reasons.join(" ");
    match health["status"].as_str() {
        Some("failing") => found.push(Finding::error(
            "server.failing",
            format!("The server cannot do its work. {reasons}"),
            "See the other findings and the log of the server.",
        )),
        Some("degraded") => found.push(Finding::warning(
            "server.degraded",
            format!("The server is degraded. {reasons}"),
            "See the log of the server.",
        )),
        _ => {}
    }
    let ours = env!("CARGO_PKG_VERSION");
    let theirs = health["version"].as_str().unwrap_or(ours);
    if theirs != ours {
        found.push(Finding::warning(
            "server.other_version",
            format!("The server runs version {theirs}, this is {ours}."),
            "Run `callsheet doctor` of the server's version; it knows that version's schema.",
        ));
    }
    for one in health["loops"].as_array().into_iter().flatten() {
        if let Some(error) = one["error"].as_str() {
            let name = one["name"].as_str().unwrap_or("?");
            found.push(Finding::error(
                "server.loop_fails",
                format!("The loop {name} fails: {error}."),
                "See the log of the server; the loop tries again by itself.",
            ));
        }
    }
    if health["dropped_log_lines"].as_u64() > Some(0) {
        found.push(Finding::warning(
            "server.log_dropped",
            "The server could not write some lines of its log.",
            "Give its log a reader that keeps up, or a disk with room.",
        ));
    }
    found
}
