//! A job that only one client changes, as its answers say that it is.

use super::ledger::Fault;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub struct Entry {
    pub id: String,
    /// Body of its create, and the key that came with it.
    pub body: Value,
    pub key: Option<String>,
    /// The job as it was last answered.
    pub job: Value,
    pub items: Vec<Item>,
    /// Its history: the step at index `i` has the seq `i + 1`.
    pub steps: Vec<Step>,
    /// Token of the lease under which the client holds it; none when the answer that had it did not
    /// come.
    pub token: Option<String>,
    /// On the client's list of active jobs.
    pub active: bool,
    /// An answer has come since it was last looked at.
    pub unchecked: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub key: String,
    pub status: String,
    pub result: Value,
    pub error: Value,
}

/// An event, recognised by its kind and by a text that only this call had.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub kind: String,
    pub mark: Option<String>,
}

impl Step {
    pub fn new(kind: &str, mark: Option<&str>) -> Self {
        Self {
            kind: kind.to_owned(),
            mark: mark.map(str::to_owned),
        }
    }

    pub fn is(&self, event: &Value) -> bool {
        let has = |mark: &String| {
            event["current_stage"] == **mark || event["data"].to_string().contains(mark)
        };
        event["kind"] == *self.kind && self.mark.as_ref().is_none_or(has)
    }
}

impl Item {
    pub fn of(item: &Value) -> Self {
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let (result, error) = (item["result"].clone(), item["error"].clone());
        Self {
            key: text("key"),
            status: text("status"),
            result,
            error,
        }
    }

    /// Neither done nor failed.
    pub fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "pending" | "processing")
    }

    pub fn is_done(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "skipped")
    }
}

impl Entry {
    /// A job that the server says it made from the body.
    pub fn made(body: Value, key: Option<String>, job: Value) -> Result<Self, Fault> {
        let item = |item: &Value| {
            let key = item["key"].as_str().unwrap_or_default().to_owned();
            Item {
                key,
                status: "pending".into(),
                result: Value::Null,
                error: Value::Null,
            }
        };
        let items: Vec<_> = body["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(item)
            .collect();
        let id = job["job_id"].as_str().unwrap_or_default().to_owned();
        let asked = [
            "job_type",
            "content",
            "labels",
            "priority",
            "max_attempts",
            "series_id",
            "episode_id",
        ];
        let expect: serde_json::Map<_, _> = asked
            .map(|name| (name.to_owned(), body[name].clone()))
            .into_iter()
            .collect();
        let mut expect = Value::Object(expect);
        expect["version"] = json!(1);
        expect["status"] = json!("queued");
        expect["attempt"] = json!(0);
        expect["total_shots"] = json!(items.len());
        if let Some(differs) = differs(&expect, &job) {
            return Err(Fault::Lost(format!(
                "{id} is not the job that was created: {differs}"
            )));
        }
        let active = body["client_id"].is_string();
        let steps = vec![Step::new("created", None)];
        Ok(Self {
            id,
            body,
            key,
            job,
            items,
            steps,
            token: None,
            active,
            unchecked: true,
        })
    }

    pub fn version(&self) -> i64 {
        self.job["version"].as_i64().unwrap_or_default()
    }

    pub fn status(&self) -> &str {
        self.job["status"].as_str().unwrap_or_default()
    }

    pub fn has_ended(&self) -> bool {
        is_terminal(&self.job["status"])
    }

    pub fn is_leased(&self) -> bool {
        self.job["lease_expires_at"].is_string()
    }

    pub fn expiry(&self) -> Option<DateTime<Utc>> {
        time(&self.job["lease_expires_at"])
    }
}

pub fn is_terminal(status: &Value) -> bool {
    matches!(status.as_str(), Some("completed" | "failed" | "cancelled"))
}

pub fn time(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str()?.parse().ok()
}

/// Members that change while nothing happens to the job, and those that only one answer has.
const PASSING: [&str; 5] = [
    "estimated_end_at",
    "estimated_start_at",
    "last_heard_at",
    "lease_token",
    "queue_position",
];

/// The first member that is not as expected, in words. Only the expected ones are looked at.
pub fn differs(expect: &Value, found: &Value) -> Option<String> {
    let same = |a: &Value, b: &Value| a == b || (a.is_number() && a.as_f64() == b.as_f64());
    let (name, expected) = expect
        .as_object()?
        .iter()
        .filter(|(name, _)| !PASSING.contains(&name.as_str()))
        .find(|(name, value)| !same(value, &found[name.as_str()]))?;
    Some(format!(
        "{name} is {}, not {}",
        brief(&found[name.as_str()]),
        brief(expected)
    ))
}

/// The beginning of a value, which may be large.
pub fn brief(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}
