//! Reports of a worker: progress, items, shots, heartbeats.

use super::{
    ask::{Ask, LONG_LEASE, SHORT_LEASE},
    entry::{Entry, Item, Step},
};
use reqwest::Method;
use serde_json::{Value, json};

pub fn progress(entry: &Entry, mark: &str, rng: &mut fastrand::Rng) -> Ask {
    let percent = f64::from(rng.u32(..=1000)) / 10.0;
    let report = json!({"progress": percent, "current_stage": mark});
    let ask = Ask::new(
        "progress",
        "/progress",
        report.clone(),
        Step::new("progressed", Some(mark)),
        report,
    );
    Ask {
        method: Method::PUT,
        ..ask
    }
    .under(entry)
}

/// Reports on some of the items; on the shots of a job without items.
pub fn items(entry: &Entry, mark: &str, rng: &mut fastrand::Rng) -> Ask {
    if entry.items.is_empty() {
        return shots(entry, rng);
    }
    let (reports, after) = reports(entry, mark, rng);
    let expect = json!({"completed_shots": after.iter().filter(|item| item.is_done()).count()});
    let body = json!({ "items": reports });
    let ask = Ask::new(
        "item report",
        "/items",
        body,
        Step::new("items_reported", None),
        expect,
    );
    Ask {
        method: Method::PATCH,
        items: Some(after),
        ..ask
    }
    .under(entry)
}

fn shots(entry: &Entry, rng: &mut fastrand::Rng) -> Ask {
    let before = entry.job["total_shots"].as_i64().unwrap_or_default();
    let total = before + rng.i64(1..50);
    let report = json!({"total_shots": total, "completed_shots": rng.i64(0..=total)});
    let ask = Ask::new(
        "shots",
        "/shots",
        report.clone(),
        Step::new("shots_updated", None),
        report,
    );
    Ask {
        method: Method::PUT,
        ..ask
    }
    .under(entry)
}

/// Reports that change each item that they name, and all items after them.
fn reports(entry: &Entry, mark: &str, rng: &mut fastrand::Rng) -> (Vec<Value>, Vec<Item>) {
    let mut after = entry.items.clone();
    let first = rng.usize(..after.len());
    let count = rng.usize(1..=after.len() - first);
    let report = |item: &mut Item| {
        item.status = ["processing", "completed", "failed", "skipped"][rng.usize(..4)].to_owned();
        item.result = json!({"by": mark});
        item.error = if item.status == "failed" {
            json!(mark)
        } else {
            Value::Null
        };
        json!({"key": item.key, "status": item.status, "result": item.result, "error": item.error})
    };
    let reports = after[first..first + count].iter_mut().map(report).collect();
    (reports, after)
}

/// Under a lease; else progress.
pub fn heartbeat(entry: &Entry, mark: &str, rng: &mut fastrand::Rng) -> Ask {
    if entry.token.is_none() {
        return progress(entry, mark, rng);
    }
    let lease = if rng.u8(..6) == 0 {
        SHORT_LEASE
    } else {
        LONG_LEASE
    };
    let (mut body, mut steps, mut expect, mut after) =
        (json!({"lease_seconds": lease}), Vec::new(), json!({}), None);
    match rng.u8(..3) {
        0 => {
            body["current_stage"] = json!(mark);
            expect["current_stage"] = json!(mark);
            steps.push(Step::new("progressed", Some(mark)));
        }
        1 if !entry.items.is_empty() => {
            let (reports, items) = reports(entry, mark, rng);
            body["items"] = json!(reports);
            after = Some(items);
            steps.push(Step::new("items_reported", None));
        }
        _ => {}
    }
    if rng.bool() {
        body["log"] = json!([format!("first line of {mark}"), "second line"]);
        steps.push(Step::new("logged", Some(mark)));
    }
    let ask = Ask::new("heartbeat", "/heartbeat", body, Step::new("", None), expect);
    Ask {
        repeatable: steps.is_empty(),
        steps,
        items: after,
        lease_seconds: Some(lease),
        ..ask
    }
    .under(entry)
}
