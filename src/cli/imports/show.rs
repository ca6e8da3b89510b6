//! An import as `callsheet imports show` prints it.

use super::json::{COUNTS, number, sources};
use crate::cli::{
    Failure,
    answers::{text, time},
    out::{say, say_json},
    plain,
};
use serde_json::Value;

/// Prints the import, as JSON for programs.
pub fn show(run: &Value, json: bool) -> Result<(), Failure> {
    if json {
        return say_json(run);
    }
    let at = |name: &str| (!run[name].is_null()).then(|| format!("{} UTC", time(&run[name])));
    let words = [
        ("import", text(run, "import_id")),
        ("status", text(run, "status")),
        ("sources", Some(sources(run))),
        ("started", at("started_at")),
        ("ended", at("finished_at")),
        ("error", text(run, "error")),
    ];
    let options = run["options"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| *name != "files" && !value.is_null());
    let options = options.map(|(name, value)| {
        (
            name.as_str(),
            Some(value.as_str().map_or(value.to_string(), str::to_owned)),
        )
    });
    let counts = COUNTS.map(|(name, _)| (name, Some(number(run, name))));
    for (name, value) in words.into_iter().chain(options).chain(counts) {
        if let Some(value) = value {
            say(format_args!("{name:<13} {}", plain(&value)))?;
        }
    }
    by(run, "rejected_by_reason", "rejected as")?;
    by(run, "repaired_by_rule", "repaired by")
}

/// Prints the totals of all sources by reason or by rule.
fn by(run: &Value, member: &str, words: &str) -> Result<(), Failure> {
    let counts = run["report"]["total"][member].as_object();
    for (word, n) in counts.into_iter().flatten() {
        say(format_args!("{words} {word}: {n}"))?;
    }
    Ok(())
}
