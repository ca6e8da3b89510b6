//! A report of a program: the members of one JSON object, each judged by itself. A member that
//! cannot be taken costs itself; if it is an item or a result, that is a fault of the attempt.

mod item;
mod value;

use super::plain_text::plain;
use callsheet_client::lease::Report;
use item::of_item;
use serde_json::{Map, Value};
use value::{number, short, whole, without_nul};

/// Names of which an object needs at least one to be a report.
const NAMES: [&str; 6] = [
    "progress",
    "stage",
    "total_shots",
    "completed_shots",
    "item",
    "result",
];

/// Maximum characters of a stage.
const MAX_STAGE_CHARS: usize = 255;

/// Amount by which progress may be out of range: a sum of rounded parts.
const PROGRESS_TOLERANCE: f64 = 0.01;

/// What one object says, and what of it could not be taken.
#[derive(Debug, Default, PartialEq)]
pub struct Judged {
    pub report: Report,
    /// Sentences about members that were left out.
    pub notes: Vec<String>,
    /// Reason why the item was not taken.
    pub bad_item: Option<String>,
    /// Reason why the result was not taken.
    pub bad_result: Option<String>,
}

pub fn is_report(object: &Map<String, Value>) -> bool {
    NAMES.iter().any(|name| object.contains_key(*name))
}

/// Judges the members of a report. A null counts as a missing member.
pub fn judge(mut object: Map<String, Value>) -> Judged {
    let mut judged = Judged::default();
    let mut given = |name: &str| object.remove(name).filter(|value| !value.is_null());
    let (item, result) = (given("item"), given("result"));
    let mut noted = |sentence: Result<(), String>| judged.notes.extend(sentence.err());
    let report = &mut judged.report;
    noted(set(&mut report.progress, given("progress"), progress));
    noted(set(&mut report.stage, given("stage"), stage));
    for (name, field) in [
        ("total_shots", &mut report.total_shots),
        ("completed_shots", &mut report.completed_shots),
    ] {
        noted(set(field, given(name), |value| count(name, value)));
    }
    match item.map(of_item).transpose() {
        Ok(item) => {
            let (item, left_out) = item.unzip();
            report.item = item;
            judged.notes.extend(left_out.flatten());
        }
        Err(why) => judged.bad_item = Some(why),
    }
    match result.map(of_result).transpose() {
        Ok(result) => report.result = result,
        Err(why) => judged.bad_result = Some(why),
    }
    judged
}

fn set<T>(
    field: &mut Option<T>,
    value: Option<Value>,
    read: impl FnOnce(Value) -> Result<T, String>,
) -> Result<(), String> {
    *field = value.map(read).transpose()?;
    Ok(())
}

fn progress(value: Value) -> Result<f64, String> {
    let allowed = -PROGRESS_TOLERANCE..=100.0 + PROGRESS_TOLERANCE;
    number(&value)
        .filter(|progress| allowed.contains(progress))
        .map(|progress| progress.clamp(0.0, 100.0))
        .ok_or_else(|| format!("progress is percent, from 0 to 100, not {}", short(&value)))
}

fn stage(value: Value) -> Result<String, String> {
    let stage = value
        .as_str()
        .map(|stage| plain(stage, MAX_STAGE_CHARS).trim().to_owned());
    stage.ok_or_else(|| format!("stage is a text, not {}", short(&value)))
}

fn count(name: &str, value: Value) -> Result<u32, String> {
    whole(name, &value).map(i32::unsigned_abs)
}

fn of_result(value: Value) -> Result<Map<String, Value>, String> {
    match without_nul(value) {
        Value::Object(result) => Ok(result),
        other => Err(format!(
            "a result is an object, such as {{\"video_path\": \"/media/film.mp4\"}}, not {}",
            short(&other)
        )),
    }
}

#[cfg(test)]
mod tests;
