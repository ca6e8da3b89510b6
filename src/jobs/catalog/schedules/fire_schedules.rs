//! fire_schedules: creates the jobs of schedules that are due.

use super::{policy_of, rule_of, template};
use crate::{
    db::write::{FireSchedule, Fired, Loaded},
    error::Result,
    jobs::{JobManager, NewJob, control::cancel_job::cancelled, stamped},
    lifecycle::{Plan, jitter},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::schedule;
use futures_util::future::join_all;
use std::sync::Arc;

/// Schedules that are read at once, and fired at the same time: a few batches of the writer, so
/// that none of them waits long for its turn.
const BATCH: usize = 100;

/// First and longest time until a schedule that waits for its last job is looked at again.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(30);

impl JobManager {
    /// Creates the jobs of all schedules that are due, each once however many servers call this at
    /// the same time. Returns the number of jobs created by this call.
    ///
    /// Errors: those of the database. A schedule whose job cannot be created keeps the error, and
    /// goes on.
    pub async fn fire_schedules(&self) -> Result<u64> {
        let mut created = 0;
        loop {
            let due = self.db.due_schedules(self.now(), BATCH as u64).await?;
            if due.is_empty() {
                break;
            }
            let fires = due.into_iter().map(|row| self.db.commit(self.fire(row)));
            let mut moved = 0;
            for fired in join_all(fires).await {
                match fired? {
                    // Another server is at it.
                    Fired::Gone => continue,
                    Fired::Created(_) => created += 1,
                    Fired::Failed(_) | Fired::Skipped | Fired::Waits => {}
                }
                moved += 1;
            }
            if moved == 0 {
                break;
            }
        }
        self.alarm.set(self.db.next_due().await?);
        Ok(created)
    }

    /// Decides what the schedule does now.
    fn fire(&self, row: schedule::Model) -> FireSchedule {
        let now = self.now();
        let next_at = row.next_at.unwrap_or(now);
        let clock = self.clock.clone();
        let cancel = move |loaded: &Loaded| {
            let now = clock.now();
            let reason = "cancelled by its schedule, whose next time has come";
            let change = cancelled(&loaded.job, Some(reason), now)?;
            Ok(change.map(|change| stamped(change, now)))
        };
        let mut fire = FireSchedule {
            job: None,
            error: None,
            last: next_at,
            skipped: 0,
            next_at: None,
            due_at: None,
            again_at: now + ((now - next_at) / 10).clamp(FIRST_WAIT, LONGEST_WAIT),
            cancel: Arc::new(cancel),
            now,
            read: row,
        };
        let rule = match rule_of(&fire.read) {
            Ok(rule) => rule,
            Err(why) => {
                fire.error = Some(why);
                return fire;
            }
        };
        let policy = policy_of(&fire.read);
        let plan = Plan::of(&fire.read.id, &rule, policy, next_at, now);
        (fire.last, fire.skipped, fire.next_at) = (plan.last, plan.skipped, plan.next);
        let due = |at| at + jitter(&fire.read.id, at, policy.jitter);
        fire.due_at = plan.next.map(due);
        if let Some(at) = plan.run {
            match template::job_of(&fire.read.template, &fire.read.id, self.webhook_policy()) {
                Ok(job) => {
                    let job_id = Some(job_id(&fire.read.id, at));
                    fire.job = Some(self.new_job(NewJob { job_id, ..job }, None, now));
                }
                Err(why) => fire.error = Some(why),
            }
        }
        fire
    }
}

/// Returns the id of the job of a time.
fn job_id(schedule_id: &str, at: DateTime<Utc>) -> String {
    format!("{schedule_id}.{}", at.format("%Y%m%dT%H%M%SZ"))
}
