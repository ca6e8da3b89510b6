//! A report of a program: the members of one JSON object, each judged by itself. A member that
//! cannot be taken costs itself; if it is an item or a result, that is a fault of the attempt.

use super::output::plain;
use callsheet_client::{
    ItemStatus::{self, Completed, Failed, Pending, Processing, Skipped},
    lease::{ItemReport, Report},
};
use serde_json::{Map, Value};

/// Names of which an object needs at least one to be a report.
const NAMES: [&str; 6] = [
    "progress",
    "stage",
    "total_shots",
    "completed_shots",
    "item",
    "result",
];

const MAX_STAGE_CHARS: usize = 255;
const MAX_KEY_CHARS: usize = 255;

/// Amount by which progress may be out of range: a sum of rounded parts.
const PROGRESS_TOLERANCE: f64 = 0.01;

/// Words for the state of an item, and the status that each means.
const STATUSES: [(&str, ItemStatus); 24] = [
    ("pending", Pending),
    ("queued", Pending),
    ("waiting", Pending),
    ("processing", Processing),
    ("running", Processing),
    ("in_progress", Processing),
    ("started", Processing),
    ("generating", Processing),
    ("generating_frames", Processing),
    ("generating_video", Processing),
    ("completed", Completed),
    ("complete", Completed),
    ("done", Completed),
    ("finished", Completed),
    ("succeeded", Completed),
    ("success", Completed),
    ("ok", Completed),
    ("failed", Failed),
    ("failure", Failed),
    ("error", Failed),
    ("errored", Failed),
    ("skipped", Skipped),
    ("cancelled", Skipped),
    ("canceled", Skipped),
];

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
    whole(&value)
        .and_then(|count| u32::try_from(count).ok())
        .ok_or_else(|| {
            format!(
                "{name} is a whole number from 0 to {}, not {}",
                i32::MAX,
                short(&value)
            )
        })
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

/// Returns the item, and a sentence about the members that an item does not have.
fn of_item(value: Value) -> Result<(ItemReport, Option<String>), String> {
    let Value::Object(mut members) = value else {
        return Err(format!(
            "an item is an object with a key and a status, not {}",
            short(&value)
        ));
    };
    let mut given = |name: &str| members.remove(name).filter(|value| !value.is_null());
    let (key, idx) = (given("key"), given("idx"));
    if key.is_none() && idx.is_none() {
        return Err("an item needs a key or an idx".to_owned());
    }
    let item = ItemReport {
        key: key.map(item_key).transpose()?,
        idx: idx.map(item_index).transpose()?,
        status: item_status(given("status"))?,
        result: given("result").map(without_nul),
        error: given("error").map(as_text),
    };
    let others: Vec<_> = members.keys().map(String::as_str).collect();
    let left_out = (!others.is_empty()).then(|| {
        format!(
            "an item has no member {}: put it into the item's result",
            others.join(", ")
        )
    });
    Ok((item, left_out))
}

fn item_key(value: Value) -> Result<String, String> {
    let key = match &value {
        Value::String(key) => key.clone(),
        Value::Number(key) => key.to_string(),
        _ => return Err(format!("an item's key is a text, not {}", short(&value))),
    };
    let length = key.chars().count();
    if (1..=MAX_KEY_CHARS).contains(&length) && !key.chars().any(char::is_control) {
        Ok(key)
    } else {
        Err(format!(
            "an item's key has 1 to {MAX_KEY_CHARS} visible characters, and this one is {}",
            short(&value)
        ))
    }
}

fn item_index(value: Value) -> Result<i32, String> {
    whole(&value).ok_or_else(|| {
        format!(
            "an item's idx is a whole number from 0 to {}, not {}",
            i32::MAX,
            short(&value)
        )
    })
}

fn item_status(value: Option<Value>) -> Result<ItemStatus, String> {
    let Some(value) = value else {
        return Err("an item needs a status".to_owned());
    };
    let word = value.as_str().unwrap_or_default().trim();
    let word = word.replace([' ', '-'], "_");
    STATUSES
        .iter()
        .find(|(synonym, _)| word.eq_ignore_ascii_case(synonym))
        .map(|(_, status)| *status)
        .ok_or_else(|| {
            format!(
                "an item's status is one of pending, processing, completed, failed and skipped, \
                not {}",
                short(&value)
            )
        })
}

/// Reads a number, which may be written as a text.
fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
        .filter(|number| number.is_finite())
}

/// Reads a whole number from 0 to that of an `i32`, which may be written as a text or as a float.
fn whole(value: &Value) -> Option<i32> {
    let number = number(value)?;
    let fits = (0.0..=f64::from(i32::MAX)).contains(&number) && number.fract() == 0.0;
    // The cast is exact for such a number.
    fits.then_some(number as i32)
}

fn as_text(value: Value) -> String {
    match without_nul(value) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Replaces U+0000, which no database here can hold, by U+FFFD, as the importer does.
fn without_nul(value: Value) -> Value {
    let clean = |text: String| {
        if text.contains('\0') {
            text.replace('\0', "\u{fffd}")
        } else {
            text
        }
    };
    match value {
        Value::String(text) => clean(text).into(),
        Value::Array(values) => values.into_iter().map(without_nul).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (clean(name), without_nul(value)))
            .collect(),
        other => other,
    }
}

/// Returns the beginning of a value, for a sentence.
fn short(value: &Value) -> String {
    let text = value.to_string();
    let begin = plain(&text, 60);
    if begin.len() < text.len() {
        format!("{begin}…")
    } else {
        begin
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judged(value: Value) -> Judged {
        judge(value.as_object().unwrap().clone())
    }

    #[test]
    fn what_can_be_put_right_is_put_right() {
        let rows = [
            (json!({"progress": 100.000_000_000_000_01}), Some(100.0)),
            (json!({"progress": 100.01}), Some(100.0)),
            (json!({"progress": -0.004}), Some(0.0)),
            (json!({"progress": "45"}), Some(45.0)),
            (json!({"progress": null, "stage": "a"}), None),
        ];
        for (value, progress) in rows {
            let judged = judged(value.clone());
            assert_eq!(judged.report.progress, progress, "{value}");
            assert_eq!(judged.notes, Vec::<String>::new(), "{value}");
        }
        let counts = judged(json!({"total_shots": 12.0, "completed_shots": "3"})).report;
        assert_eq!(
            (counts.total_shots, counts.completed_shots),
            (Some(12), Some(3))
        );
        let item = json!({"key": 7, "status": " Done ", "error": {"a": 1}, "result": "l\0r"});
        let item = judged(json!({"item": item})).report.item.unwrap();
        assert_eq!(
            (item.key.as_deref(), item.status, item.error.as_deref()),
            (Some("7"), Completed, Some(r#"{"a":1}"#))
        );
        assert_eq!(item.result, Some("l\u{fffd}r".into()));
        let result = judged(json!({"result": {"a\0": ["\0"]}})).report.result;
        assert_eq!(
            Value::Object(result.unwrap()),
            json!({"a\u{fffd}": ["\u{fffd}"]})
        );
    }

    #[test]
    fn one_bad_member_costs_itself() {
        let said = judged(json!({
            "progress": "ten", "stage": 5, "total_shots": -1, "completed_shots": 3,
            "item": {"key": "a", "status": "completed", "video": "x"}, "result": {"fine": true}
        }));
        let reasons = ["progress", "stage", "total_shots", "no member video"];
        assert_eq!(said.notes.len(), reasons.len(), "{:?}", said.notes);
        for (note, reason) in said.notes.iter().zip(reasons) {
            assert!(note.contains(reason), "{note}");
        }
        let Report {
            completed_shots,
            item,
            result,
            ..
        } = said.report;
        assert_eq!(
            (completed_shots, item.unwrap().status),
            (Some(3), Completed)
        );
        assert_eq!(result.unwrap()["fine"], true);
        assert_eq!((said.bad_item, said.bad_result), (None, None));
    }

    #[test]
    fn an_unknown_status_beside_a_result_is_a_fault_of_the_item_alone() {
        let said = judged(json!({"item": {"key": "a", "status": "odd"}, "result": {"a": 1}}));
        assert!(said.bad_item.unwrap().contains("\"odd\""));
        assert_eq!(said.report.result.unwrap()["a"], 1);
    }

    #[test]
    fn items_and_results_that_cannot_be_taken_have_a_reason() {
        let rows = [
            (json!({"item": {"status": "completed"}}), "a key or an idx"),
            (json!({"item": {"key": "a"}}), "needs a status"),
            (json!({"item": {"key": "a", "status": 5}}), "one of pending"),
            (json!({"item": {"key": "", "status": "failed"}}), "1 to 255"),
            (
                json!({"item": {"key": "a\nb", "status": "failed"}}),
                "visible",
            ),
            (
                json!({"item": {"idx": -1, "status": "failed"}}),
                "from 0 to",
            ),
            (json!({"item": {"idx": 1.5, "status": "failed"}}), "1.5"),
            (json!({"item": [1]}), "an item is an object"),
            (json!({"result": "a.mp4"}), "a result is an object"),
            (json!({"result": 5}), "not 5"),
            (json!({"result": []}), "a result is an object"),
        ];
        for (value, reason) in rows {
            let judged = judged(value.clone());
            let why = judged.bad_item.or(judged.bad_result).unwrap();
            assert!(why.contains(reason), "{value}: {why}");
            assert_eq!(judged.report, Report::default(), "{value}");
        }
    }

    #[test]
    fn progress_that_cannot_be_is_a_note() {
        for value in [json!(101), json!(-1), json!("ten"), json!(1e308), json!([])] {
            let judged = judged(json!({"progress": value}));
            assert_eq!(judged.report, Report::default());
            assert!(
                judged.notes[0].contains("from 0 to 100"),
                "{:?}",
                judged.notes
            );
        }
    }
}
