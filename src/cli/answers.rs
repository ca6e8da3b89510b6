//! Answers of a server, as the commands show them.

use super::Failure;
use crate::{
    jobs::Queue,
    lifecycle::{Cursor, Keep, OwnKeepRule, Then},
};
use chrono::{DateTime, SecondsFormat, Utc};
use entity::job;
use serde_json::Value;

/// Reads a cursor that a list gave.
pub fn known(cursor: &str) -> Result<Cursor, Failure> {
    let unknown = "this cursor is not one that a list gave: begin again without --cursor";
    Cursor::decode(cursor).ok_or_else(|| Failure::Usage(unknown.to_owned()))
}

/// Takes a list out of an answer.
pub fn taken(answer: &mut Value, name: &str) -> Vec<Value> {
    match answer[name].take() {
        Value::Array(values) => values,
        _ => Vec::new(),
    }
}

/// Returns a text of an answer.
pub fn text(answer: &Value, name: &str) -> Option<String> {
    answer[name].as_str().map(str::to_owned)
}

/// Returns a time of an answer as a table shows it.
pub fn time(value: &Value) -> String {
    let time = value
        .as_str()
        .and_then(|text| text.parse::<DateTime<Utc>>().ok());
    time.map_or("-".to_owned(), |time| {
        time.format("%Y-%m-%d %H:%M:%S").to_string()
    })
}

/// Returns a time of an answer in full seconds.
pub fn seconds(value: &Value) -> Option<String> {
    let time: DateTime<Utc> = value.as_str()?.parse().ok()?;
    Some(time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Reads a job of an answer. The fields that an answer leaves out are empty.
pub fn job_of(job: Value) -> Result<job::Model, Failure> {
    let Value::Object(mut fields) = job else {
        return Err(Failure::Other("the server answered with no job".to_owned()));
    };
    for (name, column) in [
        ("job_id", "id"),
        ("result", "result_data"),
        ("error", "error_message"),
    ] {
        let value = fields.remove(name).unwrap_or_default();
        fields.insert(column.to_owned(), value);
    }
    for missing in ["unheard_claims", "holds"] {
        fields.entry(missing).or_insert_with(|| 0.into());
    }
    serde_json::from_value(Value::Object(fields))
        .map_err(|error| Failure::Other(format!("the server's job cannot be read: {error}")))
}

pub fn queue_of(queue: &Value) -> Queue {
    let limit = |name: &str| queue[name].as_i64().and_then(|n| i32::try_from(n).ok());
    let keep = |name: &str| Keep::parse(queue["keep"][name].as_str()?).ok();
    let number = |name: &str| queue[name].as_u64().unwrap_or_default();
    Queue {
        job_type: text(queue, "job_type").unwrap_or_default(),
        paused: queue["paused"] == true,
        max_running: limit("max_running"),
        max_run_seconds: limit("max_run_seconds"),
        queued: number("queued"),
        processing: number("processing"),
        keep: OwnKeepRule {
            completed: keep("completed"),
            failed: keep("failed"),
            cancelled: keep("cancelled"),
            then: text(queue, "then").and_then(|name| Then::named(&name)),
            keep_media: queue["keep_media"].as_bool(),
        },
        updated_at: None,
    }
}
