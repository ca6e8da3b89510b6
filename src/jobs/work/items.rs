//! list_items and report_items: the parts of a job, from which a new attempt resumes.

use crate::{
    db::{
        Part,
        write::{Change, Items, Loaded, weight_of},
    },
    error::{Error, FieldError, Resource, Result},
    jobs::{
        Guard, JobManager,
        create::create_job::MAX_ITEMS,
        validate,
        work::{
            begin::begin_first,
            heard_of::heard_of,
            progress::{must_process, reported},
        },
    },
    lifecycle::{EventKind, percent},
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, job, job_item};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// Maximum number of item reports per call.
const MAX_ITEM_REPORTS: usize = 1000;

/// Maximum bytes of all items of a job together, which a claim gives in one answer.
const MAX_JOB_ITEM_BYTES: u64 = 64 << 20;

/// Minimum size of a report for which the items of its job are counted.
const LARGE_REPORT_BYTES: usize = 16 << 10;

/// Report of a worker on one item. The key names the item, or the position where keys repeat; an
/// unknown key creates a new item.
#[derive(Clone, Debug)]
pub struct ItemReport {
    pub key: Option<String>,
    pub idx: Option<i32>,
    pub status: ItemStatus,
    pub result: Option<Value>,
    pub error: Option<String>,
}

impl JobManager {
    /// Lists the items of a job behind position `after`, in order: at most `limit`, fewer if they
    /// are large.
    ///
    /// Errors: `job_not_found`.
    pub async fn list_items(
        &self,
        id: &str,
        after: Option<i32>,
        limit: u64,
    ) -> Result<Part<job_item::Model>> {
        self.find_job(id).await?;
        self.db.items(id, after, limit).await
    }

    /// Applies a batch of reports, all or none, and updates total_shots, completed_shots and
    /// progress. The first report on a queued job that its creator runs starts the job.
    ///
    /// Errors: `job_not_found`, `job_not_processing`, `lease_lost`, `item_not_found`,
    /// `item_conflict`, `invalid_request`, `version_mismatch`.
    pub async fn report_items(
        &self,
        id: &str,
        reports: Vec<ItemReport>,
        guard: impl Into<Guard> + Send,
    ) -> Result<job::Model> {
        check(&reports)?;
        let Guard { version, lease } = guard.into();
        let weight = weight(&reports);
        self.check_room_for_items(id, weight).await?;
        let done = self.try_change(id, version, named(&reports), weight, move |loaded, now| {
            let token = lease.as_deref();
            begin_first(loaded, token, now, |loaded| {
                decide(loaded, token, &reports, now)
            })
        });
        Ok(done.await?.job)
    }
}

fn decide(
    loaded: &Loaded,
    token: Option<&str>,
    reports: &[ItemReport],
    now: DateTime<Utc>,
) -> Result<Option<Change>> {
    must_process(&loaded.job, token)?;
    let mut job = loaded.job.clone();
    let changed = apply_reports(&mut job, loaded, reports, now)?;
    if changed.is_empty() {
        return Ok(reported(loaded, job, EventKind::ItemsReported, now));
    }
    heard_of(&mut job, now);
    let event_data = event_data(&changed);
    Ok(Some(Change {
        items: changed,
        ..Change::of(EventKind::ItemsReported, job).with_data(event_data)
    }))
}

impl JobManager {
    /// Checks that the items of a job stay small enough together to be claimed. Small reports need
    /// no look: 10,000 of them fit into an answer.
    pub(in crate::jobs) async fn check_room_for_items(
        &self,
        id: &str,
        weight: usize,
    ) -> Result<()> {
        if weight < LARGE_REPORT_BYTES {
            return Ok(());
        }
        let bytes = self.db.item_bytes(id).await?;
        if bytes + weight as u64 <= MAX_JOB_ITEM_BYTES {
            return Ok(());
        }
        let detail = format!(
            "The items of the job would have more than {} MiB together, and no worker could claim \
            it again: report paths of files instead of their content.",
            MAX_JOB_ITEM_BYTES >> 20
        );
        Err(Error::invalid(FieldError::at(
            "/items",
            "too_large",
            detail,
        )))
    }
}

/// Returns the approximate size of the reports, in bytes.
pub(in crate::jobs) fn weight(reports: &[ItemReport]) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let report = |report: &ItemReport| {
        256 + text(&report.key) + text(&report.error) + report.result.as_ref().map_or(0, weight_of)
    };
    reports.iter().map(report).sum()
}

/// Returns the keys and positions of the reported items.
pub(in crate::jobs) fn named(reports: &[ItemReport]) -> Items {
    Items::Named {
        keys: reports
            .iter()
            .filter(|r| r.idx.is_none())
            .filter_map(|r| r.key.clone())
            .collect(),
        indexes: reports.iter().filter_map(|r| r.idx).collect(),
    }
}

/// Returns the data of an event about changed items.
pub(in crate::jobs) fn event_data(changed: &[job_item::Model]) -> Value {
    let item =
        |item: &job_item::Model| json!({"idx": item.idx, "key": item.key, "status": item.status});
    json!({"items": changed.iter().map(item).collect::<Vec<_>>()})
}

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
    Ok(job_item::Model {
        job_id: job.id.clone(),
        idx,
        key,
        status: ItemStatus::Pending,
        input: None,
        result: None,
        error: None,
        attempt: 0,
        created_at: now,
        updated_at: now,
        started_at: None,
        completed_at: None,
    })
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
    item.completed_at = if ended {
        item.completed_at.or(Some(now))
    } else {
        None
    };
    if *item != before {
        item.updated_at = now;
    }
}

/// Returns whether the item needs no more work.
pub(in crate::jobs) fn is_done(status: ItemStatus) -> bool {
    matches!(status, ItemStatus::Completed | ItemStatus::Skipped)
}

pub(in crate::jobs) fn check(reports: &[ItemReport]) -> Result<()> {
    let mut checks = validate::Checks::default();
    if reports.is_empty() || reports.len() > MAX_ITEM_REPORTS {
        checks.fail(
            "/items",
            "out_of_range",
            format!("Report 1 to {MAX_ITEM_REPORTS} items a call."),
        );
    }
    let mut keys = HashSet::new();
    for (i, report) in reports.iter().enumerate() {
        if checks.is_full() {
            break;
        }
        match (&report.key, report.idx) {
            (None, None) => checks.fail(
                format_args!("/items/{i}"),
                "nothing_given",
                "Name the item by its key or idx.",
            ),
            (Some(key), None) if !keys.insert(key) => return Err(twice(i)),
            _ => {}
        }
        if let Some(key) = &report.key {
            checks.name(format_args!("/items/{i}/key"), key, validate::MAX_KEY_CHARS);
        }
        checks.range(format_args!("/items/{i}/idx"), report.idx, 0, i32::MAX);
        checks.text(
            format_args!("/items/{i}/error"),
            report.error.as_deref(),
            usize::MAX,
        );
        if let Some(result) = &report.result {
            checks.json(format_args!("/items/{i}/result"), result);
        }
    }
    checks.finish()
}

fn twice(i: usize) -> Error {
    let detail = "The call reports this item twice: report each item once per call.";
    Error::ItemConflict(FieldError::at(
        format!("/items/{i}"),
        "duplicate_key",
        detail,
    ))
}
