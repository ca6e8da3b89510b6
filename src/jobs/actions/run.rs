//! run_actions: runs the actions that no other process is running.

use super::{ActionFilter, action_step::action_step};
use crate::{
    db::write::{ActionPlace, ActionTarget, ClaimAction, EndAction, RunActionBatch},
    error::{Error, Result},
    jobs::{Filter, IndexScan, JobManager, KeyRange, Order},
    key_limits::KeyLimits,
    lifecycle::{Binding, Cursor, Principal},
    process,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    Role,
    job_action::{self, ActionKind, ActionStatus},
};
use std::sync::Arc;

/// Maximum number of jobs that one transaction changes.
const MAX_BATCH_JOBS: u64 = 200;

/// Number of jobs that one query of a text search examines.
const SCAN_STEP: u64 = 500;

/// Time without a heartbeat after which another process takes over an action.
const ORPHANED_AFTER: TimeDelta = TimeDelta::seconds(60);

impl JobManager {
    /// Runs the waiting actions, and resumes those whose process is gone. Returns the number of
    /// actions run: when none is left, or after the current batch if this process is about to end.
    ///
    /// Errors: `archive_unavailable`, after all actions that need no archive.
    pub async fn run_actions(&self) -> Result<u64> {
        let running = self.db.running_actions().await?;
        let (mut ran, mut waits) = (0, Ok(()));
        for action in running {
            let silent = action
                .heartbeat_at
                .is_none_or(|at| at <= self.now() - ORPHANED_AFTER);
            let gone =
                |process: &String| silent || *process == self.owner() || process::is_gone(process);
            if action.process.as_ref().is_none_or(gone)
                && self.claim_action(&action, Some(self.owner())).await?
            {
                match self.run_action(&action.id).await {
                    // The actions behind it need no archive.
                    Err(error @ Error::ArchiveUnavailable(_)) => waits = Err(error),
                    done => {
                        done?;
                        ran += 1;
                    }
                }
            }
        }
        waits.map(|()| ran)
    }

    /// Returns when the next action starts on this server.
    pub async fn action_begun(&self) {
        self.wake.notified().await;
    }

    /// Returns the service as the caller that started the action uses it.
    fn acting_for(&self, action: &job_action::Model) -> Result<Self> {
        let binding = Binding::of_text(action.binding.as_deref()).map_err(|error| {
            Error::Internal(format!("the binding of the action {}: {error}", action.id))
        })?;
        let Some(key_id) = action.by_key.clone() else {
            return Ok(self.clone());
        };
        Ok(self.acting(Arc::new(Principal {
            key_id: Some(key_id),
            name: action.by_name.clone().unwrap_or_default(),
            // Only operators and admins start actions.
            role: Role::Operator,
            binding,
            limits: KeyLimits::default(),
        })))
    }

    async fn claim_action(
        &self,
        action: &job_action::Model,
        process: Option<String>,
    ) -> Result<bool> {
        let (id, was) = (action.id.clone(), action.process.clone());
        self.db
            .commit(ClaimAction {
                id,
                was,
                process,
                now: self.now(),
            })
            .await
    }

    async fn run_action(&self, id: &str) -> Result<()> {
        let done = loop {
            self.loop_goes_on("run_actions");
            let action = self.get_action(id).await?;
            if self.feed.is_over() {
                // Releases the action, so that the next process resumes it at once.
                self.claim_action(&action, None).await?;
                return Ok(());
            }
            let acting = self.acting_for(&action)?;
            match acting.next_batch(&action).await {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                // The action stays with this process, which retries soon.
                Err(error) if error.is_passing() => return Err(error),
                Err(error @ Error::ArchiveUnavailable(_)) => {
                    // Another server may reach the archive.
                    self.claim_action(&action, None).await?;
                    return Err(error);
                }
                Err(error) => break Err(error),
            }
        };
        let (status, error) = match done {
            Ok(()) => (ActionStatus::Completed, None),
            Err(error) => (ActionStatus::Failed, Some(error.to_string())),
        };
        let process = Some(self.owner());
        self.db
            .commit(EndAction {
                id: id.to_owned(),
                process,
                status,
                error,
                now: self.now(),
            })
            .await?;
        Ok(())
    }

    /// Processes the next batch of jobs. Returns false if no jobs are left, or if the action no
    /// longer belongs to this process.
    async fn next_batch(&self, action: &job_action::Model) -> Result<bool> {
        if action.undoes.is_some() {
            return self.next_undo_batch(action).await;
        }
        let filter: ActionFilter =
            serde_json::from_value(action.filter.clone()).map_err(|error| {
                Error::Internal(format!(
                    "the filter of the action {} is not one: {error}",
                    action.id
                ))
            })?;
        if action.action == ActionKind::Restore {
            return self.next_restore_batch(action, &filter).await;
        }
        let list = filter.list_filter();
        // Jobs created after the start of the action are not part of it. An import may have brought
        // jobs with times in the future, and a clock may have been set back.
        let (start, now) = (action.created_at, self.now());
        let was_there = |created: DateTime<Utc>| created <= start || created > now;
        let limit = if self.db.has_job_created_after(now).await? {
            None
        } else {
            Some(start + TimeDelta::microseconds(1))
        };
        let created_before = list.created_before.into_iter().chain(limit).min();
        let Some(path) = self
            .db
            .choose_index(&Filter {
                created_before,
                ..list
            })
            .await?
        else {
            return Ok(false);
        };
        let behind = action.after_created_at.zip(action.after_id.clone());
        let behind = behind.map(|(created_at, id)| Cursor { created_at, id });
        let part = KeyRange {
            order: Order::OldestFirst,
            behind,
            upto: None,
        };
        let page = match self.matching_jobs(&path, &filter, part).await? {
            None => return Ok(true),
            Some(page) if page.is_empty() => return Ok(false),
            Some(page) => page,
        };
        let filter = Arc::new(filter);
        let upto = page.last().cloned();
        let page = page.into_iter().filter(|(_, created)| was_there(*created));
        let due = |(id, _)| ActionTarget {
            id,
            step: action_step(action, filter.clone(), now),
        };
        let jobs = page.map(due).collect();
        self.db
            .commit(RunActionBatch {
                action_id: action.id.clone(),
                process: self.owner(),
                jobs,
                upto: upto.map(|(id, created_at)| ActionPlace::Job(Cursor { created_at, id })),
                now,
            })
            .await
    }
}

type JobKey = (String, DateTime<Utc>);

impl JobManager {
    /// Returns the next batch of matching jobs, or `None` if this process is about to end. A text
    /// search examines a limited number of jobs per query.
    async fn matching_jobs(
        &self,
        path: &IndexScan,
        filter: &ActionFilter,
        mut part: KeyRange,
    ) -> Result<Option<Vec<JobKey>>> {
        let (known, scope) = (path.known(), filter.scope());
        while !self.feed.is_over() {
            if path.filter().searches_text() {
                let rest = KeyRange {
                    upto: None,
                    ..part.clone()
                };
                part.upto = self.db.nth_job(&known, &rest, SCAN_STEP).await?;
            }
            let page = self
                .db
                .jobs_of_action(path, &part, &scope, MAX_BATCH_JOBS)
                .await?;
            match part.upto.take() {
                Some(upto) if page.is_empty() => part.behind = Some(upto),
                _ => return Ok(Some(page)),
            }
        }
        Ok(None)
    }
}
