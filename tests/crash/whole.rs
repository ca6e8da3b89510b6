//! One job as the database has it: by itself, and beside what its client knows of it.

use super::{
    entry::{Entry, Item, time},
    ledger::Fault,
};
use crate::support::Whole;
use entity::{ItemStatus, JobStatus, job, job_event, job_item};
use sea_orm::ActiveEnum;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Gaps in its history, counts that are not those of its items, items that are not as the history
/// says.
pub fn faults(whole: &Whole) -> Vec<Fault> {
    let Some(job) = &whole.job else {
        return Vec::new();
    };
    let mut faults: Vec<_> = miscounted(job, &whole.items)
        .map(Fault::Wrong)
        .into_iter()
        .collect();
    if job.source.is_some() {
        // An imported job brings its times and items along.
        return faults;
    }
    if let Err(gap) = std::panic::catch_unwind(|| whole.assert_history_is_whole()) {
        let what = gap
            .downcast_ref::<String>()
            .cloned()
            .unwrap_or_else(|| format!("the history of {}", job.id));
        faults.push(Fault::Wrong(what));
    }
    let differ = items_not_as_reported(whole);
    faults.extend(
        differ
            .into_iter()
            .map(|item| Fault::Wrong(format!("{item:?} is not as its history says"))),
    );
    let count = |kind: &str| whole.kinds().iter().filter(|other| **other == kind).count();
    let uncounted = whole.uncounted();
    if usize::try_from(job.attempt) != Ok(count("started") - count("released") - uncounted) {
        faults.push(Fault::Wrong(format!(
            "{} counts {} attempts of {:?}",
            job.id,
            job.attempt,
            whole.kinds()
        )));
    }
    faults
}

/// Id, key and value of each of its labels.
pub fn labels(whole: &Whole) -> Vec<(String, String, String)> {
    let Some(job) = &whole.job else {
        return Vec::new();
    };
    let labels = job
        .labels
        .as_ref()
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    labels
        .filter_map(|(key, value)| Some((job.id.clone(), key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn miscounted(job: &job::Model, items: &[job_item::Model]) -> Option<String> {
    let done = items
        .iter()
        .filter(|item| matches!(item.status, ItemStatus::Completed | ItemStatus::Skipped))
        .count();
    let counts = [
        usize::try_from(job.total_shots).ok()?,
        usize::try_from(job.completed_shots).ok()?,
    ];
    let wrong = !items.is_empty() && counts != [items.len(), done];
    wrong.then(|| format!("{} counts {counts:?} of {items:?}", job.id))
}

/// Items whose status is not the last one in the history.
fn items_not_as_reported(whole: &Whole) -> Vec<&job_item::Model> {
    let mut last = BTreeMap::new();
    for event in &whole.events {
        last.extend(items_of(event));
        for status in last.values_mut() {
            let again =
                event.kind == "recovered" && matches!(status.as_str(), "processing" | "failed");
            let skipped =
                event.kind == "completed" && matches!(status.as_str(), "pending" | "processing");
            match (again, skipped) {
                (true, _) => *status = "pending".to_owned(),
                (_, true) => *status = "skipped".to_owned(),
                _ => {}
            }
        }
    }
    let completed = whole
        .job
        .as_ref()
        .is_some_and(|job| job.status == JobStatus::Completed);
    let untouched = if completed { "skipped" } else { "pending" };
    let differs = |item: &&job_item::Model| {
        last.get(&item.idx).map_or(untouched, String::as_str) != item.status.to_value()
    };
    whole.items.iter().filter(differs).collect()
}

fn items_of(event: &job_event::Model) -> Vec<(i32, String)> {
    let items = event
        .data
        .as_ref()
        .filter(|_| event.kind == "items_reported")
        .map(|data| &data["items"]);
    let row = |item: &Value| {
        Some((
            i32::try_from(item["idx"].as_i64()?).ok()?,
            item["status"].as_str()?.to_owned(),
        ))
    };
    items
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(row)
        .collect()
}

/// The first thing in which the rows are not what the client was answered, in words.
pub fn differs(whole: &Whole, entry: &Entry) -> Option<String> {
    let job = whole.job.as_ref()?;
    if let Some(differs) = super::entry::differs(&members(job), &entry.job) {
        return Some(format!(
            "answered and not in the row of {}: {differs}",
            entry.id
        ));
    }
    if entry.token.is_some() && entry.token != job.lease_token {
        return Some(format!(
            "{} is held under {:?}, not {:?}",
            entry.id, job.lease_token, entry.token
        ));
    }
    let times = [
        (&job.lease_expires_at, "lease_expires_at"),
        (&job.completed_at, "completed_at"),
    ];
    let wrong = times
        .iter()
        .find(|(row, name)| **row != time(&entry.job[*name]));
    if let Some((row, name)) = wrong {
        return Some(format!(
            "{name} of {} is {row:?}, not {}",
            entry.id, entry.job[*name]
        ));
    }
    let items: Vec<_> = whole.items.iter().map(item).collect();
    if items != entry.items {
        return Some(format!(
            "the items of {} are {items:?}, not {:?}",
            entry.id, entry.items
        ));
    }
    let events = whole.events.iter().map(event);
    let same = whole.events.len() == entry.steps.len()
        && entry.steps.iter().zip(events).all(|(step, e)| step.is(&e));
    (!same).then(|| {
        format!(
            "the history of {} is {:?}, not {:?}",
            entry.id,
            whole.kinds(),
            entry.steps
        )
    })
}

/// The row in the members of an answer.
fn members(job: &job::Model) -> Value {
    json!({
        "job_id": job.id, "job_type": job.job_type, "status": job.status.to_string(), "version": job.version,
        "content": job.content, "project_title": job.project_title, "priority": job.priority,
        "labels": job.labels, "series_id": job.series_id, "episode_id": job.episode_id,
        "progress": job.progress, "current_stage": job.current_stage, "result": job.result_data,
        "error": job.error_message, "total_shots": job.total_shots, "completed_shots": job.completed_shots,
        "attempt": job.attempt, "max_attempts": job.max_attempts, "worker_id": job.worker_id,
    })
}

fn item(item: &job_item::Model) -> Item {
    let (result, error) = (item.result.clone().unwrap_or_default(), json!(item.error));
    Item {
        key: item.key.clone(),
        status: item.status.to_value(),
        result,
        error,
    }
}

fn event(event: &job_event::Model) -> Value {
    json!({"kind": event.kind, "current_stage": event.current_stage, "data": event.data})
}
