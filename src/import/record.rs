//! Common shape of a job between reading and writing. A source fills in the values of its store;
//! this module decides how they fit together, once for all stores.

use super::{
    legacy::{Legacy, Repair},
    progress,
    sources::SourceKind,
    text::fit,
    times::Times,
};
use crate::{
    db::write::{ActiveJob, ImportedJob},
    lifecycle::is_terminal,
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, JobStatus, job, job_item, schedule};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// Maximum characters of an item's key.
const MAX_KEY_CHARS: usize = 255;

/// A job with the values of its store. A value that the store does not have is `None`: the importer
/// invents nothing.
pub struct Record {
    pub id: String,
    pub source: SourceKind,
    pub job_type: String,
    pub mode: Option<String>,
    pub status: JobStatus,
    /// The store's own word for the status.
    pub source_status: String,
    pub content: Option<String>,
    pub user_requirement: Option<String>,
    pub style: Option<String>,
    pub project_title: Option<String>,
    pub request_data: Option<Map<String, Value>>,
    /// Priority as in the column: higher runs first, 0 is the default.
    pub priority: i16,
    pub run_at: Option<DateTime<Utc>>,
    pub working_dir: Option<String>,
    pub episode_id: Option<String>,
    pub series_id: Option<String>,
    /// Progress in percent, from 0 to 100.
    pub progress: Option<f64>,
    pub current_stage: Option<String>,
    pub result: Option<Map<String, Value>>,
    pub error: Option<String>,
    pub total_shots: Option<i64>,
    pub completed_shots: Option<i64>,
    pub times: Times,
    /// Items in the store's order.
    pub items: Vec<Item>,
    pub listed: ItemScope,
    /// Client for which the job is the active one.
    pub active: Option<ActiveJob>,
    /// Schedule that would have repeated the job.
    pub schedule: Option<Box<schedule::Model>>,
    pub legacy: Legacy,
}

/// Meaning of a store's items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemScope {
    /// All parts of the job, from the start.
    All,
    /// Parts that were worked on so far; the job may have more.
    SoFar,
    /// Products of the job, from which its progress does not follow.
    Outputs,
}

pub struct Item {
    /// Key of the item in the store, which may repeat: two scenes number their shots alike.
    pub key: String,
    pub status: ItemStatus,
    pub input: Option<Value>,
    pub result: Option<Value>,
    pub error: Option<String>,
    pub completed: Option<DateTime<Utc>>,
}

impl Record {
    /// Creates a record of which nothing more is known.
    pub fn bare(source: SourceKind, id: String, status: (JobStatus, String), times: Times) -> Self {
        Self {
            id,
            source,
            job_type: source.name().to_owned(),
            mode: None,
            status: status.0,
            source_status: status.1,
            content: None,
            user_requirement: None,
            style: None,
            project_title: None,
            request_data: None,
            priority: 0,
            run_at: None,
            working_dir: None,
            episode_id: None,
            series_id: None,
            progress: None,
            current_stage: None,
            result: None,
            error: None,
            total_shots: None,
            completed_shots: None,
            times,
            items: Vec::new(),
            listed: ItemScope::All,
            active: None,
            schedule: None,
            legacy: Legacy::default(),
        }
    }

    /// Returns the rows and their repairs. The rows satisfy every CHECK of the schema, whatever the
    /// record contains.
    pub fn into_job(mut self) -> (ImportedJob, Vec<Repair>) {
        let (total, completed) = self.shots();
        let counted = if self.items.is_empty() || self.listed == ItemScope::Outputs {
            0
        } else {
            total
        };
        let kept = &mut self.legacy;
        let progress = progress::settle(self.status, self.progress, completed, counted, kept);
        let completed_at = completed_at(self.status, &self.times, kept);
        let id = self.id;
        let items = rows(&id, self.items, &self.times, kept);
        let job = job::Model {
            job_type: self.job_type,
            mode: fit(self.mode, "mode", 20, kept),
            content: self.content,
            user_requirement: self.user_requirement,
            style: fit(self.style, "style", 255, kept),
            project_title: fit(self.project_title, "project_title", 255, kept),
            request_data: self.request_data.map(Value::Object),
            working_dir: fit(self.working_dir, "working_dir", 500, kept),
            // An id that is too long for its column belongs to no series or episode; the database
            // code moves it to `context.legacy`.
            episode_id: self.episode_id,
            series_id: self.series_id,
            priority: self.priority,
            run_at: self.run_at,
            max_attempts: 3,
            labels: None,
            idempotency_key: None,
            idempotency_fingerprint: None,
            source: Some(self.source.name().to_owned()),
            source_status: fit(Some(self.source_status), "source_status", 255, kept),
            max_run_seconds: None,
            webhook: None,
            status: self.status,
            progress,
            current_stage: fit(self.current_stage, "current_stage", 255, kept),
            result_data: self.result.map(Value::Object),
            error_message: self.error,
            total_shots: total,
            completed_shots: completed,
            created_at: self.times.created,
            created_by: None,
            updated_at: self.times.updated,
            started_at: self.times.started,
            completed_at,
            attempt: 0,
            worker_id: None,
            lease_token: None,
            lease_expires_at: None,
            cancel_requested_at: None,
            version: 1,
            status_since: None,
            last_lease_token: None,
            claim_id: None,
            last_heard_at: None,
            unheard_claims: 0,
            run_until: None,
            holds: 0,
            context: None,
            id,
        };
        let repairs = self.legacy.repairs().to_vec();
        let job = job::Model {
            context: self.legacy.into_context(),
            ..job
        };
        (
            ImportedJob {
                job,
                items,
                active: self.active,
                schedule: self.schedule,
                own: None,
            },
            repairs,
        )
    }

    /// Total and completed shots. The items decide if there are any, except that a store that lists
    /// only the items worked on so far knows the total better. A differing counter is kept.
    fn shots(&mut self) -> (i32, i32) {
        let done = self
            .items
            .iter()
            .filter(|i| matches!(i.status, ItemStatus::Completed | ItemStatus::Skipped))
            .count();
        let (total, completed) = if self.items.is_empty() {
            let total = self.total_shots.unwrap_or(0).clamp(0, i32::MAX.into());
            let all = if self.status == JobStatus::Completed {
                total
            } else {
                0
            };
            (total, self.completed_shots.unwrap_or(all).clamp(0, total))
        } else {
            let counted = self.items.len() as i64;
            let said = self
                .total_shots
                .filter(|_| self.listed == ItemScope::SoFar)
                .unwrap_or(0);
            (counted.max(said.min(i32::MAX.into())), done as i64)
        };
        for (name, given, counted) in [
            ("total_shots", self.total_shots, total),
            ("completed_shots", self.completed_shots, completed),
        ] {
            if let Some(given) = given.filter(|given| *given != counted) {
                self.legacy.repair(name, "counter_recomputed", given.into());
            }
        }
        (
            i32::try_from(total).unwrap_or(i32::MAX),
            i32::try_from(completed).unwrap_or(i32::MAX),
        )
    }
}

/// End of the job, set exactly if its status is terminal. If the store did not record the end, its
/// last change counts.
fn completed_at(status: JobStatus, times: &Times, kept: &mut Legacy) -> Option<DateTime<Utc>> {
    if is_terminal(status) {
        return times.completed.or(Some(times.updated));
    }
    if let Some(stale) = times.completed {
        kept.repair(
            "completed_at",
            "end_of_an_unfinished_job_kept_aside",
            stale.to_rfc3339().into(),
        );
    }
    None
}

/// Key of an item, cut to [`MAX_KEY_CHARS`] characters. A long key is kept under the item's number, since
/// several items may have one.
fn key(idx: i32, key: String, kept: &mut Legacy) -> String {
    if key.len() <= MAX_KEY_CHARS {
        return key;
    }
    fit(Some(key), &format!("items[{idx}].key"), MAX_KEY_CHARS, kept).unwrap_or_default()
}

/// Numbers the later items of a key that occurs more than once, as `0`, `0.2`, `0.3`: a worker that
/// reports by key must find one item. The order in the record decides, so that the keys are the same
/// in every import.
fn number_repeated(items: &mut [Item], kept: &mut Legacy) {
    let mut seen = HashSet::with_capacity(items.len());
    if items.iter().all(|item| seen.insert(item.key.as_str())) {
        return;
    }
    let mut taken: HashSet<String> = seen.into_iter().map(str::to_owned).collect();
    taken.extend(items.iter().map(|item| item.key.clone()));
    let mut counts = HashMap::<String, u32>::new();
    for item in items {
        let count = counts.entry(item.key.clone()).or_default();
        *count += 1;
        while *count > 1 {
            let ending = format!(".{count}");
            let start = MAX_KEY_CHARS - ending.len();
            let key: String = item.key.chars().take(start).chain(ending.chars()).collect();
            if taken.insert(key.clone()) {
                item.key = key;
                break;
            }
            *count += 1;
        }
    }
    kept.repaired("items", "repeated_key_numbered");
}

fn rows(
    job_id: &str,
    mut items: Vec<Item>,
    times: &Times,
    kept: &mut Legacy,
) -> Vec<job_item::Model> {
    for (idx, item) in (0..).zip(&mut items) {
        item.key = key(idx, std::mem::take(&mut item.key), kept);
    }
    number_repeated(&mut items, kept);
    let row = |(idx, item): (i32, Item)| job_item::Model {
        job_id: job_id.to_owned(),
        idx,
        key: item.key,
        status: item.status,
        input: item.input,
        result: item.result,
        error: item.error,
        attempt: 0,
        created_at: times.created,
        updated_at: times.updated,
        started_at: None,
        completed_at: item.completed,
    };
    (0..).zip(items).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(status: JobStatus) -> Record {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let times = Times {
            created: now,
            updated: now,
            started: None,
            completed: None,
        };
        let mut record = Record::bare(
            SourceKind::VedoJobs,
            "a".into(),
            (status, status.to_string()),
            times,
        );
        record.job_type = "idea2video".into();
        record
    }

    fn statuses() -> impl Strategy<Value = JobStatus> {
        use JobStatus::{Cancelled, Completed, Failed, Processing, Queued};
        prop::sample::select(vec![Queued, Processing, Completed, Failed, Cancelled])
    }

    proptest! {
        #[test]
        fn whatever_a_record_says_its_row_keeps_the_checks(
            status in statuses(), total: Option<i64>, completed: Option<i64>, done in prop::collection::vec(any::<bool>(), 0..5), ended: bool,
        ) {
            let item = |done: &bool| Item {
                key: "0".into(),
                status: if *done { ItemStatus::Completed } else { ItemStatus::Pending },
                input: None,
                result: None,
                error: None,
                completed: None,
            };
            let mut record = record(status);
            record.times.completed = ended.then_some(record.times.updated);
            (record.total_shots, record.completed_shots) = (total, completed);
            record.items = done.iter().map(item).collect();
            let job = record.into_job().0.job;
            prop_assert!(0 <= job.completed_shots && job.completed_shots <= job.total_shots);
            prop_assert_eq!(job.completed_at.is_some(), is_terminal(status));
            prop_assert!((0.0..=100.0).contains(&job.progress));
        }
    }

    #[test]
    fn keys_that_repeat_are_numbered_and_stay_the_same() {
        let long = "k".repeat(255);
        let keys = ["0", "0", "0.2", "1", "0", &long, &long];
        let mut failed = record(JobStatus::Failed);
        let item = |key: &&str| Item {
            key: (*key).to_owned(),
            status: ItemStatus::Pending,
            input: None,
            result: None,
            error: None,
            completed: None,
        };
        failed.items = keys.iter().map(item).collect();
        let (imported, repairs) = failed.into_job();
        let keys: Vec<_> = imported
            .items
            .iter()
            .map(|item| item.key.as_str())
            .collect();
        assert_eq!(keys[..5], ["0", "0.3", "0.2", "1", "0.4"]);
        assert_eq!(keys[6], format!("{}.2", "k".repeat(253)));
        assert_eq!(repairs[0].rule, "repeated_key_numbered");
    }

    #[test]
    fn a_completed_job_without_items_has_all_its_shots() {
        let mut completed = record(JobStatus::Completed);
        completed.total_shots = Some(6);
        let job = completed.into_job().0.job;
        assert_eq!(
            (job.total_shots, job.completed_shots, job.context),
            (6, 6, None)
        );
    }

    #[test]
    fn items_outweigh_the_counters_which_are_kept() {
        let mut failed = record(JobStatus::Failed);
        failed.total_shots = Some(6);
        let pending = Item {
            key: "0".into(),
            status: ItemStatus::Pending,
            input: None,
            result: None,
            error: None,
            completed: None,
        };
        failed.items = vec![pending];
        let job = failed.into_job().0.job;
        assert_eq!(job.total_shots, 1);
        assert_eq!(job.context.unwrap()["legacy"]["total_shots"], 6);
    }
}
