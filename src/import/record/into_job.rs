//! Makes the rows of a record, which satisfy every CHECK of the schema, whatever the record
//! contains.

use super::{ItemScope, Record, items::rows};
use crate::{
    db::write::ImportedJob,
    import::{
        legacy::{Legacy, Repair},
        progress,
        text::fit,
        times::Times,
    },
    jobs::{DEFAULT_ATTEMPTS, MAX_DIR_CHARS, MAX_MODE_CHARS, MAX_SHORT_CHARS},
    lifecycle::is_terminal,
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, JobStatus, job};
use serde_json::Value;

impl Record {
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
            mode: fit(self.mode, "mode", MAX_MODE_CHARS, kept),
            content: self.content,
            user_requirement: self.user_requirement,
            style: fit(self.style, "style", MAX_SHORT_CHARS, kept),
            project_title: fit(self.project_title, "project_title", MAX_SHORT_CHARS, kept),
            request_data: self.request_data.map(Value::Object),
            working_dir: fit(self.working_dir, "working_dir", MAX_DIR_CHARS, kept),
            // An id that is too long for its column belongs to no series or episode; the database
            // code moves it to `context.legacy`.
            episode_id: self.episode_id,
            series_id: self.series_id,
            priority: self.priority,
            run_at: self.run_at,
            max_attempts: DEFAULT_ATTEMPTS,
            labels: None,
            idempotency_key: None,
            idempotency_fingerprint: None,
            source: Some(self.source.name().to_owned()),
            source_status: fit(
                Some(self.source_status),
                "source_status",
                MAX_SHORT_CHARS,
                kept,
            ),
            max_run_seconds: None,
            webhook: None,
            status: self.status,
            progress,
            current_stage: fit(self.current_stage, "current_stage", MAX_SHORT_CHARS, kept),
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
