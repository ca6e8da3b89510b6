//! Calls on one job, each with what has to be true of the job after it.

use super::{
    entry::{Entry, Item, Step},
    reports::{heartbeat, items, progress},
};
use reqwest::Method;
use serde_json::{Value, json};

/// A lease that ends while the clients are at work, and one that does not, in seconds.
pub const SHORT_LEASE: u32 = 2;
pub const LONG_LEASE: u32 = 3600;

pub struct Ask {
    /// Name in the ledger.
    pub verb: &'static str,
    pub method: Method,
    /// Behind the job's own path.
    pub path: &'static str,
    pub body: Value,
    /// The events that it adds to the history.
    pub steps: Vec<Step>,
    /// The events instead, when the job was taken from its worker before.
    pub steps_after_rescue: Option<Vec<Step>>,
    /// Members of the job after it.
    pub expect: Value,
    /// The items after it; `None` when they stay as they are.
    pub items: Option<Vec<Item>>,
    /// The lease ends so many seconds after the call.
    pub lease_seconds: Option<u32>,
    /// The same call again changes nothing.
    pub repeatable: bool,
}

impl Ask {
    pub fn new(
        verb: &'static str,
        path: &'static str,
        body: Value,
        step: Step,
        expect: Value,
    ) -> Self {
        Self {
            verb,
            method: Method::POST,
            path,
            body,
            steps: vec![step],
            steps_after_rescue: None,
            expect,
            items: None,
            lease_seconds: None,
            repeatable: false,
        }
    }

    /// The events that it adds.
    pub fn steps(&self, after_rescue: bool) -> &[Step] {
        self.steps_after_rescue
            .as_ref()
            .filter(|_| after_rescue)
            .unwrap_or(&self.steps)
    }

    /// One of the calls that the job's status allows. The mark is a text that no other call has.
    pub fn any(entry: &Entry, worker: &str, mark: &str, rng: &mut fastrand::Rng) -> Self {
        let asks: &[fn(&Entry, &str, &mut fastrand::Rng) -> Self] = match entry.status() {
            "queued" => &[cancel, patch],
            "processing" if entry.is_leased() && entry.token.is_none() => &[cancel, patch],
            "processing" => &[
                progress, progress, progress, items, items, heartbeat, heartbeat, complete, fail,
                release, cancel, patch,
            ],
            "failed" => &[retry, recover, patch],
            "cancelled" => &[retry, patch],
            _ => &[patch],
        };
        if entry.status() == "queued" && rng.u8(..4) > 0 {
            return start(worker, entry, rng);
        }
        rng.choice(asks).expect("each status has calls")(entry, mark, rng)
    }

    /// One of the calls that end an attempt.
    pub fn ending(entry: &Entry, mark: &str, rng: &mut fastrand::Rng) -> Self {
        [complete, fail, release][rng.usize(..3)](entry, mark, rng)
    }

    /// A claim of which the job is one. Without the worker, any of several.
    pub fn claim(entry: &Entry, worker: Option<&str>, lease_seconds: u32) -> Self {
        let mut expect =
            json!({"status": "processing", "attempt": attempt(entry) + 1, "error": null});
        if let Some(worker) = worker {
            expect["worker_id"] = json!(worker);
        }
        let step = Step::new("started", worker);
        Self {
            lease_seconds: Some(lease_seconds),
            ..Self::new("claim", "", Value::Null, step, expect)
        }
    }

    /// The delete of the job's series or episode, which is in this member.
    pub fn detach(member: &'static str) -> Self {
        Self::new(
            "detach",
            "",
            Value::Null,
            Step::new("detached", None),
            json!({ member: null }),
        )
    }
}

fn attempt(entry: &Entry) -> i64 {
    entry.job["attempt"].as_i64().unwrap_or_default()
}

fn start(worker: &str, entry: &Entry, rng: &mut fastrand::Rng) -> Ask {
    let lease = rng
        .choice([None, Some(LONG_LEASE), Some(LONG_LEASE), Some(SHORT_LEASE)])
        .flatten();
    let body = json!({"worker_id": worker, "lease_seconds": lease});
    Ask {
        verb: "start",
        path: "/start",
        body,
        ..Ask::claim(entry, Some(worker), 0)
    }
    .leased(lease)
}

impl Ask {
    fn leased(self, lease_seconds: Option<u32>) -> Self {
        Self {
            lease_seconds,
            ..self
        }
    }

    /// Sends the token of the lease along, where there is one.
    pub fn under(mut self, entry: &Entry) -> Self {
        if let Some(token) = &entry.token {
            self.body["lease_token"] = json!(token);
        }
        self
    }
}

fn complete(entry: &Entry, mark: &str, _: &mut fastrand::Rng) -> Ask {
    let result = json!({"made": mark});
    let expect = json!({
        "status": "completed", "progress": 100.0, "result": result, "error": null, "lease_expires_at": null,
        "attempt": attempt(entry),
    });
    let skipped = |item: &Item| match item.is_open() {
        true => Item {
            status: "skipped".into(),
            ..item.clone()
        },
        false => item.clone(),
    };
    let items = Some(entry.items.iter().map(skipped).collect());
    let body = json!({ "result": result });
    let ask = Ask::new(
        "completion",
        "/complete",
        body,
        Step::new("completed", None),
        expect,
    );
    Ask {
        repeatable: entry.token.is_some(),
        items,
        ..ask
    }
    .under(entry)
}

fn fail(entry: &Entry, mark: &str, rng: &mut fastrand::Rng) -> Ask {
    let retryable = rng.bool();
    let again = retryable && entry.job["attempt"].as_i64() < entry.job["max_attempts"].as_i64();
    let body = json!({"error": mark, "retryable": retryable, "retry_after_seconds": 0});
    let (status, step) = match (cancelling(entry), again) {
        (true, _) => ("cancelled", Step::new("cancelled", None)),
        (false, true) => ("queued", Step::new("retry_scheduled", Some(mark))),
        (false, false) => ("failed", Step::new("failed", Some(mark))),
    };
    let mut expect = json!({"status": status, "attempt": attempt(entry), "lease_expires_at": null});
    if status != "cancelled" {
        expect["error"] = json!(mark);
    }
    Ask {
        repeatable: entry.token.is_some(),
        ..Ask::new("failure", "/fail", body, step, expect)
    }
    .under(entry)
}

fn release(entry: &Entry, _: &str, _: &mut fastrand::Rng) -> Ask {
    let (status, kind, less) = if cancelling(entry) {
        ("cancelled", "cancelled", 0)
    } else {
        ("queued", "released", 1)
    };
    let expect =
        json!({"status": status, "attempt": attempt(entry) - less, "lease_expires_at": null});
    let ask = Ask::new(
        "release",
        "/release",
        json!({}),
        Step::new(kind, None),
        expect,
    );
    Ask {
        repeatable: entry.token.is_some(),
        ..ask
    }
    .under(entry)
}

/// Its worker was asked to let go of it.
fn cancelling(entry: &Entry) -> bool {
    entry.job["cancel_requested_at"].is_string()
}

fn cancel(entry: &Entry, mark: &str, _: &mut fastrand::Rng) -> Ask {
    let body = json!({"reason": mark});
    let cancelled = Step::new("cancelled", Some(mark));
    if !entry.is_leased() {
        return Ask::new(
            "cancel",
            "/cancel",
            body,
            cancelled,
            json!({"status": "cancelled"}),
        );
    }
    let step = Step::new("cancel_requested", Some(mark));
    let ask = Ask::new(
        "cancel",
        "/cancel",
        body,
        step,
        json!({"status": "processing"}),
    );
    let steps = if cancelling(entry) {
        Vec::new()
    } else {
        ask.steps.clone()
    };
    Ask {
        repeatable: true,
        steps,
        steps_after_rescue: Some(vec![cancelled]),
        ..ask
    }
}

fn retry(entry: &Entry, _: &str, _: &mut fastrand::Rng) -> Ask {
    let expect = json!({"status": "queued", "error": null, "result": null, "attempt": attempt(entry), "run_at": null});
    Ask::new(
        "retry",
        "/retry",
        json!({}),
        Step::new("retried", None),
        expect,
    )
}

fn recover(entry: &Entry, _: &str, _: &mut fastrand::Rng) -> Ask {
    let again = |item: &Item| match item.is_done() || item.status == "pending" {
        true => item.clone(),
        false => Item {
            status: "pending".into(),
            error: Value::Null,
            ..item.clone()
        },
    };
    let expect =
        json!({"status": "queued", "error": null, "attempt": attempt(entry), "run_at": null});
    let ask = Ask::new(
        "recover",
        "/recover",
        json!({}),
        Step::new("recovered", None),
        expect,
    );
    Ask {
        items: Some(entry.items.iter().map(again).collect()),
        ..ask
    }
}

fn patch(_: &Entry, mark: &str, rng: &mut fastrand::Rng) -> Ask {
    let change = json!({"project_title": mark, "priority": rng.i8(-100..=100)});
    let ask = Ask::new(
        "patch",
        "",
        change.clone(),
        Step::new("updated", None),
        change,
    );
    Ask {
        method: Method::PATCH,
        ..ask
    }
}
