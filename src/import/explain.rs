//! Says what a file looks like to the importer, and proposes the command that imports it.

use super::{
    guess::{Guess, guesses, looks_like_a_job},
    read::{Form, Sample, sample},
    reject::Reject,
    secrets,
    sources::SourceKind,
    status,
};
use entity::JobStatus;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, path::Path};

/// Maximum characters of an example.
const MAX_EXAMPLE_CHARS: usize = 40;

/// Maximum names and words in a sentence.
const MAX_LISTED: usize = 20;

/// Explains a file, in lines for people.
///
/// Errors: the reason why nothing of the file can be read.
pub fn explain(path: &Path) -> Result<String, Reject> {
    let is_record = |record: &Map<String, Value>| {
        SourceKind::recognise(record).is_some() || looks_like_a_job(record)
    };
    let mut lines = Vec::new();
    let samples = sample(path, &is_record)?;
    let several = samples.len() > 1;
    for sample in &samples {
        if sample.records.is_empty() {
            let what = match (&sample.table, &sample.reject) {
                (Some(table), _) => format!("The table {table} is empty."),
                (None, Some(reject)) => return Err(reject.clone()),
                (None, None) => format!("{} has no records.", path.display()),
            };
            lines.push(what);
            continue;
        }
        let any = sample.records.iter().any(is_record);
        if several && !any {
            let table = sample.table.as_deref().unwrap_or_default();
            lines.push(format!("The table {table} does not look like one of jobs."));
            continue;
        }
        of_sample(path, sample, &mut lines);
    }
    if samples.is_empty() {
        lines.push(format!("{} has no tables.", path.display()));
    }
    Ok(lines.join("\n"))
}

fn of_sample(path: &Path, sample: &Sample, lines: &mut Vec<String>) {
    lines.push(format!("{} looks like {}.", path.display(), form(sample)));
    let known: Vec<_> = sample
        .records
        .iter()
        .filter_map(SourceKind::recognise)
        .collect();
    if let Some(kind) = known
        .first()
        .filter(|_| known.len() == sample.records.len())
    {
        lines.push(format!(
            "The records are those of {kind}, which needs no map. Try it, without writing anything:"
        ));
        lines.push(format!("  callsheet import --dry-run {}", quoted(path)));
        return;
    }
    if let Some(kind) = known.first() {
        lines.push(format!(
            "{} of {} records are those of {kind}, which need no map.",
            known.len(),
            sample.records.len()
        ));
    } else {
        lines.push("It is of none of the known stores. A map of its fields:".to_owned());
    }
    let unknown = |record: &&Map<String, Value>| SourceKind::recognise(record).is_none();
    let records: Vec<_> = sample.records.iter().filter(unknown).collect();
    let guesses = guesses(records.iter().copied());
    let width = guesses.iter().map(|guess| guess.field.len()).max();
    for guess in &guesses {
        let example = example(&records, &guess.field);
        let width = width.unwrap_or_default();
        lines.push(format!(
            "  {:width$}  is {:<18}  for example {example}",
            guess.field, guess.target
        ));
    }
    rest(&records, &guesses, lines);
    let unknown_words = words(&records, &guesses, lines);
    lines.push("Try it, without writing anything:".to_owned());
    lines.push(command(path, sample, &guesses, &unknown_words));
}

fn form(sample: &Sample) -> String {
    let records = match sample.records.len() {
        1 => "1 record".to_owned(),
        n if n >= super::read::MAX_SAMPLED => format!("{n} records and more"),
        n => format!("{n} records"),
    };
    match sample.form {
        Form::List => format!("JSON: a list of {records}"),
        Form::ById => format!("JSON: an object with {records} by id"),
        Form::Lines => format!("JSON Lines: {records}, one a line"),
        Form::Single => format!("JSON: {records}"),
        Form::Table => format!("a table of text (CSV): {records}"),
        Form::Sqlite => {
            let table = sample.table.as_deref().unwrap_or_default();
            format!("a SQLite database: its table {table} begins with {records}")
        }
    }
}

/// Says which fields have no meaning here.
fn rest(records: &[&Map<String, Value>], guesses: &[Guess], lines: &mut Vec<String>) {
    let mut names = Vec::<&str>::new();
    for name in records.iter().flat_map(|record| record.keys()) {
        let meant = guesses.iter().any(|guess| guess.field == *name);
        if !meant && !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if !names.is_empty() {
        names.truncate(MAX_LISTED);
        lines.push(format!("  kept in context.legacy: {}", names.join(", ")));
    }
}

/// Says what the status words mean, and returns the unknown ones.
fn words(
    records: &[&Map<String, Value>],
    guesses: &[Guess],
    lines: &mut Vec<String>,
) -> Vec<String> {
    let Some(status) = guesses.iter().find(|guess| guess.target == "status") else {
        lines.push(
            "No field looks like a status: name it with --map FIELD=status, or one for all with \
            --status =completed."
                .to_owned(),
        );
        return Vec::new();
    };
    let mut counts = BTreeMap::<String, u64>::new();
    for value in records
        .iter()
        .filter_map(|record| record.get(&status.field))
    {
        let word = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        *counts.entry(word).or_default() += 1;
    }
    let mut unknown = Vec::new();
    let mut meanings = Vec::new();
    for (word, n) in counts.into_iter().take(MAX_LISTED) {
        let word = secrets::hidden(&word);
        match status::meaning(&word) {
            Some(meaning) => meanings.push(format!("{word} ({n}) is {}", status::name(meaning))),
            None => {
                meanings.push(format!("{word} ({n}) is not known"));
                unknown.push(word);
            }
        }
    }
    lines.push(format!("Status words: {}.", meanings.join(", ")));
    unknown
}

fn command(path: &Path, sample: &Sample, guesses: &[Guess], words: &[String]) -> String {
    let mut command = "  callsheet import --dry-run --from ".to_owned();
    command += match sample.form {
        Form::Sqlite => "sqlite",
        Form::Table => "csv",
        _ => "json",
    };
    if let Some(table) = &sample.table {
        command += &format!(" --table {}", shell(table));
    }
    let pairs: Vec<_> = guesses
        .iter()
        .filter(|guess| guess.field != guess.target)
        .filter(|guess| !(guess.target == "job_id" && guess.field == "id"))
        .map(|guess| format!("{}={}", guess.field, guess.target))
        .collect();
    if !pairs.is_empty() {
        command += &format!(" --map {}", shell(&pairs.join(",")));
    }
    if !guesses.iter().any(|guess| guess.target == "job_type") {
        command += " --type TYPE";
    }
    for word in words {
        command += &format!(
            " --status {}",
            shell(&format!("{word}={}", JobStatus::Queued))
        );
    }
    format!("{command} {}", quoted(path))
}

fn example(records: &[&Map<String, Value>], field: &str) -> String {
    let value = records.iter().filter_map(|record| record.get(field));
    let value = value
        .filter(|value| !value.is_null())
        .map(Value::to_string)
        .next();
    let text = secrets::hidden(&value.unwrap_or_default());
    match text.char_indices().nth(MAX_EXAMPLE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn quoted(path: &Path) -> String {
    shell(&path.display().to_string())
}

/// A word as a shell takes it.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
