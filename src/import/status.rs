//! Mapping from a store's word to a status. The raw word stays in `source_status` (of a job) or
//! `result.status` (of an item).

mod named_words;
mod words;

use super::{
    assumed::StatusWord,
    fields::Fields,
    legacy::Legacy,
    reject::{Reason, Reject},
};
use entity::{ItemStatus, JobStatus};
pub use named_words::StatusWords;
use serde_json::Value;
use words::{ITEMS, JOBS, OTHER_ITEMS, OTHER_JOBS, look_up};

/// Takes the status of a record and returns it with its raw word. The words of `--status` come
/// first, then those of the known stores, then those of other systems. An unknown word is rejected,
/// since every guess would either redo or abandon work.
pub fn take(fields: &mut Fields, words: &StatusWords) -> Result<(JobStatus, String), Reject> {
    let raw = fields.take("status");
    of_job(raw, words, &mut fields.legacy)
}

/// Returns the status of a job and its raw word.
pub fn of_job(
    raw: Option<Value>,
    words: &StatusWords,
    kept: &mut Legacy,
) -> Result<(JobStatus, String), Reject> {
    let raw = match raw {
        Some(Value::String(raw)) => raw,
        None => match words.job("") {
            Some(status) => return Ok((status, String::new())),
            None => return Err(unknown("The record has no status", "")),
        },
        Some(other) => match words.job(&other.to_string()) {
            Some(status) => return Ok((status, other.to_string())),
            None => {
                let what = format!("The status is {other}; it has to be a word");
                return Err(unknown(what, &other.to_string()));
            }
        },
    };
    if let Some(status) = words
        .job(&raw)
        .or_else(|| look_up(&JOBS, &raw).map(|found| found.1))
    {
        return Ok((status, raw));
    }
    let Some((word, status)) = look_up(&OTHER_JOBS, &raw) else {
        let what = format!("The status `{}` is not known", shown(&raw));
        return Err(unknown(what, &raw));
    };
    kept.assumed.word(StatusWord {
        of_item: false,
        word,
        status: name(status),
    });
    Ok((status, raw))
}

/// Returns the status of a job if its word is known to a store.
pub fn known(raw: Option<&Value>) -> Option<JobStatus> {
    look_up(&JOBS, raw?.as_str()?).map(|(_, status)| status)
}

/// Returns the item's status. An unknown word counts as pending, since work that may be unfinished
/// can be repeated, and is noted as a repair.
pub fn of_item(raw: Option<&Value>, words: &StatusWords, kept: &mut Legacy) -> ItemStatus {
    let raw = match raw {
        None | Some(Value::Null) => return words.item("").unwrap_or(ItemStatus::Pending),
        Some(Value::String(raw)) => raw.clone(),
        Some(success @ Value::Bool(_)) => return of_success(Some(success)),
        Some(other) => other.to_string(),
    };
    if let Some(status) = words
        .item(&raw)
        .or_else(|| look_up(&ITEMS, &raw).map(|found| found.1))
    {
        return status;
    }
    let of_jobs = || {
        let known = look_up(&JOBS, &raw).or_else(|| look_up(&OTHER_JOBS, &raw));
        known.map(|(word, status)| (word, words::of_part(status)))
    };
    match look_up(&OTHER_ITEMS, &raw).or_else(of_jobs) {
        Some((word, status)) => {
            kept.assumed.word(StatusWord {
                of_item: true,
                word,
                status: item_name(status),
            });
            status
        }
        None => {
            kept.repaired_once("items", "unknown_item_status_taken_as_pending");
            ItemStatus::Pending
        }
    }
}

/// Returns the status of an item of which the store kept only the success, as a boolean or as 1 and
/// 0.
pub fn of_success(raw: Option<&Value>) -> ItemStatus {
    match raw {
        Some(Value::Bool(true)) => ItemStatus::Completed,
        Some(Value::Bool(false)) => ItemStatus::Failed,
        Some(Value::Number(n)) if n.as_f64() == Some(0.0) => ItemStatus::Failed,
        Some(Value::Number(_)) => ItemStatus::Completed,
        _ => ItemStatus::Pending,
    }
}

/// Meaning of a word for a job without a record, for messages; `None` for an unknown word.
pub fn meaning(raw: &str) -> Option<JobStatus> {
    let known = look_up(&JOBS, raw).or_else(|| look_up(&OTHER_JOBS, raw));
    known.map(|(_, status)| status)
}

pub fn name(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Queued => "queued",
        JobStatus::Processing => "processing",
        JobStatus::Completed => "completed",
        JobStatus::Failed => "failed",
        JobStatus::Cancelled => "cancelled",
    }
}

fn item_name(status: ItemStatus) -> &'static str {
    match status {
        ItemStatus::Pending => "pending",
        ItemStatus::Processing => "processing",
        ItemStatus::Completed => "completed",
        ItemStatus::Failed => "failed",
        ItemStatus::Skipped => "skipped",
    }
}

fn unknown(what: impl Into<String>, raw: &str) -> Reject {
    let words: Vec<_> = JOBS.iter().map(|(word, _)| *word).collect();
    let detail = format!(
        "{}. Known are: {}, and the usual words of other systems. Name its meaning with --status \
        '{}=completed' (or another status).",
        what.into(),
        words.join(", "),
        shown(raw)
    );
    Reject::new(Reason::UnknownStatus, detail)
}

fn shown(raw: &str) -> String {
    raw.chars().take(50).collect()
}

#[cfg(test)]
mod tests;
