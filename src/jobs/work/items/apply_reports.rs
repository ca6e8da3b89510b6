//! Application of reports to the items of a job.

use super::check_reports::{ItemReport, twice};
use crate::{
    db::write::Loaded,
    error::{Error, FieldError, Resource, Result},
    jobs::{create::new_job::pending_item, validate::MAX_ITEMS},
    lifecycle::percent,
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, job, job_item};
use std::collections::{HashMap, HashSet};

/// Applies the reports, sets the job's counts, and returns the items that changed.
pub(in crate::jobs) fn apply_reports(
    job: &mut job::Model,
    loaded: &Loaded,
    reports: &[ItemReport],
    now: DateTime<Utc>,
) -> Result<Vec<job_item::Model>> {
    let (mut count, mut done) = (loaded.item_count, loaded.done_count);
    let known = Known::of(&loaded.items);
    let mut changed: Vec<job_item::Model> = Vec::new();
    let mut seen = HashSet::new();
    for (i, report) in reports.iter().enumerate() {
        let before = known.find(report, i)?;
        let mut item = match before {
            Some(item) => item.clone(),
            None => new_item(job, report, &mut count, now)?,
        };
        done = done.saturating_sub(i32::from(is_done(item.status)));
        apply(&mut item, report, job.attempt, now);
        done = done.saturating_add(i32::from(is_done(item.status)));
        if !seen.insert(item.idx) {
            return Err(twice(i));
        }
        if before != Some(&item) {
            changed.push(item);
        }
    }
    if changed.is_empty() {
        return Ok(changed);
    }
    if usize::try_from(count).unwrap_or_default() > MAX_ITEMS {
        let detail =
            format!("The job would have too many items: a job can have at most {MAX_ITEMS}.");
        return Err(Error::invalid(FieldError::at("/items", "too_many", detail)));
    }
    // A worker may have announced more shots than it has reported so far.
    job.total_shots = job.total_shots.max(count);
    // The counts of an imported job may contradict its items.
    let done = done.clamp(0, count);
    job.completed_shots = done;
    job.progress = percent(done, job.total_shots);
    Ok(changed)
}

/// Loaded items, by key and by position.
struct Known<'a> {
    keys: HashMap<&'a str, Vec<&'a job_item::Model>>,
    positions: HashMap<i32, &'a job_item::Model>,
}

impl<'a> Known<'a> {
    fn of(items: &'a [job_item::Model]) -> Self {
        let mut keys: HashMap<_, Vec<_>> = HashMap::new();
        items
            .iter()
            .for_each(|item| keys.entry(item.key.as_str()).or_default().push(item));
        Self {
            keys,
            positions: items.iter().map(|item| (item.idx, item)).collect(),
        }
    }

    /// Returns the item that the report names; `None` for a new item.
    fn find(&self, report: &ItemReport, i: usize) -> Result<Option<&'a job_item::Model>> {
        let conflict = |code, detail: String| {
            Err(Error::ItemConflict(FieldError::at(
                format!("/items/{i}/key"),
                code,
                detail,
            )))
        };
        if let Some(idx) = report.idx {
            let item = *self
                .positions
                .get(&idx)
                .ok_or(Error::NotFound(Resource::Item))?;
            if report.key.as_ref().is_some_and(|key| *key != item.key) {
                let detail = format!(
                    "The item at position {idx} has the key {}, not the given one: send only the \
                    key or only the idx, or correct one of them.",
                    item.key
                );
                return conflict("key_mismatch", detail);
            }
            return Ok(Some(item));
        }
        match report
            .key
            .as_deref()
            .and_then(|key| self.keys.get(key))
            .map_or(&[][..], Vec::as_slice)
        {
            [] => Ok(None),
            [item] => Ok(Some(item)),
            _ => {
                let detail =
                    "Several items of this job have this key: name the item by its idx instead.";
                conflict("ambiguous_key", detail.to_owned())
            }
        }
    }
}

fn new_item(
    job: &job::Model,
    report: &ItemReport,
    count: &mut i32,
    now: DateTime<Utc>,
) -> Result<job_item::Model> {
    let key = report.key.clone().ok_or(Error::NotFound(Resource::Item))?;
    let idx = *count;
    *count += 1;
    Ok(pending_item(&job.id, idx, key, None, now))
}

fn apply(item: &mut job_item::Model, report: &ItemReport, attempt: i32, now: DateTime<Utc>) {
    let before = item.clone();
    item.status = report.status;
    item.result = report
        .result
        .clone()
        .filter(|r| !r.is_null())
        .or_else(|| item.result.take());
    item.error = report.error.clone();
    item.attempt = attempt;
    let ended = !matches!(report.status, ItemStatus::Pending | ItemStatus::Processing);
    if report.status != ItemStatus::Pending {
        item.started_at = item.started_at.or(Some(now));
    }
    // A report that comes again keeps the time of the first.
    let ended_so_before = before
        .completed_at
        .filter(|_| before.status == report.status);
    item.completed_at = ended.then(|| ended_so_before.unwrap_or(now));
    if *item != before {
        item.updated_at = now;
    }
}

/// Returns whether the item needs no more work.
fn is_done(status: ItemStatus) -> bool {
    matches!(status, ItemStatus::Completed | ItemStatus::Skipped)
}
