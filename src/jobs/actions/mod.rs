//! Actions on all jobs that match a filter: counted first, run in the background, with an outcome
//! for each job.
//!
//! An action covers the matching jobs that were created before it began. It processes them in the
//! order of creation, so that it comes to an end, and can resume at any job after an interruption.

mod action_step;
mod filter;
mod restore;
mod run;
mod undo;

pub use filter::ActionFilter;

use crate::{
    db::{
        ActionScope, ActionVerb, Part,
        write::{EndAction, StartAction},
    },
    error::{Error, Resource, Result},
    jobs::{Counts, Filter, Idempotency, JobManager, validate},
    lifecycle::{Binding, Cursor},
};
use chrono::{DateTime, Utc};
use entity::{
    job_action::{self, ActionKind, ActionStatus},
    job_action_outcome::{self, Outcome},
};

/// Request for an action: the verb, and the filter that selects its jobs.
#[derive(Clone, Debug)]
pub struct NewAction {
    pub action: ActionKind,
    /// New priority, -100 to 100; required for `set_priority`, refused for other verbs.
    pub priority: Option<i16>,
    pub filter: ActionFilter,
}

/// Counts of the jobs that an action would match and change.
pub struct Preview {
    pub by_status: Counts,
    /// Number of matching jobs that the action would change.
    pub will_change: u64,
    pub as_of: DateTime<Utc>,
    pub filter_text: String,
}

impl JobManager {
    /// Counts the jobs that the action would match and change if it began now.
    ///
    /// Errors: `invalid_request`, `archive_unavailable`.
    pub async fn preview_action(&self, new: &NewAction) -> Result<Preview> {
        new.check()?;
        if new.action == ActionKind::Restore {
            return self.preview_restore(new).await;
        }
        let now = self.now();
        let (this, list) = (self.clone(), new.filter.list_filter());
        let (matching, changing) = (new.filter.scope(), new.changed_at(now));
        let asked = list.clone();
        let look = async move {
            tokio::try_join!(
                this.counted(&asked, &matching),
                this.counted(&asked, &changing)
            )
        };
        let (by_status, changed) = self.in_turn(&list, look).await?;
        let will_change = changed.total();
        Ok(Preview {
            by_status,
            will_change,
            as_of: now,
            filter_text: new.filter.text(),
        })
    }

    /// Starts an action. The caller has to confirm an action that covers all existing jobs.
    ///
    /// Errors: `invalid_request`, `confirmation_required`, `idempotency_key_reused`,
    /// `archive_unavailable`.
    pub async fn start_action(
        &self,
        new: NewAction,
        confirm: bool,
        idempotency: Option<Idempotency>,
    ) -> Result<job_action::Model> {
        let (idempotency_key, idempotency_fingerprint) = self.idempotency_columns(idempotency)?;
        if new.filter.is_empty() && !confirm {
            return Err(Error::ConfirmationRequired);
        }
        // Counted before the preview, so that a job created in between does not make the filter
        // look as if it left one out.
        let there_are = match new.action {
            ActionKind::Restore => self.archived_jobs().await?,
            _ => self.count_jobs(&Filter::default()).await?.total(),
        };
        let preview = self.preview_action(&new).await?;
        let matching = preview.by_status.total();
        // A filter by time alone, for example everything since some day, may cover all jobs without
        // the caller knowing: it needs the same confirmation as an empty filter. A filter by type,
        // label, text or some statuses says which jobs are meant, even where no others exist.
        let on_all = new.filter.is_vague() && matching > 1 && matching >= there_are;
        let row = job_action::Model {
            id: self.chance.id(),
            action: new.action,
            priority: new.priority,
            filter: serde_json::to_value(&new.filter).unwrap_or_default(),
            filter_text: preview.filter_text,
            status: ActionStatus::Running,
            matching: i64::try_from(matching).unwrap_or(i64::MAX),
            changed: 0,
            skipped: 0,
            failed: 0,
            after_created_at: None,
            after_id: None,
            error: None,
            created_at: self.now(),
            by_key: self.caller_id(),
            by_name: self
                .caller_id()
                .and(self.caller.as_ref().map(|caller| caller.name.clone())),
            finished_at: None,
            heartbeat_at: None,
            process: None,
            idempotency_key,
            idempotency_fingerprint,
            undoes: None,
            after_outcome: None,
            binding: self.binding().and_then(Binding::text),
        };
        let row = self
            .db
            .commit(StartAction {
                action: row,
                unconfirmed: on_all && !confirm,
            })
            .await?;
        self.wake.notify_one();
        Ok(row)
    }

    /// Returns the action with this id.
    ///
    /// Errors: `action_not_found`.
    pub async fn get_action(&self, id: &str) -> Result<job_action::Model> {
        validate::may_exist(id, Resource::Action)?;
        self.db.action(id).await
    }

    /// Lists actions behind the cursor, newest first: at most `limit`, fewer if they are large.
    pub async fn list_actions(
        &self,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<Part<job_action::Model>> {
        self.db.actions(after, limit).await
    }

    /// Aborts an action after its current batch. Completed changes stay; an action that has ended
    /// stays unchanged.
    ///
    /// Errors: `action_not_found`.
    pub async fn abort_action(&self, id: &str) -> Result<job_action::Model> {
        validate::may_exist(id, Resource::Action)?;
        self.get_action(id).await?;
        let (id, now) = (id.to_owned(), self.now());
        self.db
            .commit(EndAction {
                id,
                process: None,
                status: ActionStatus::Aborted,
                error: None,
                now,
            })
            .await
    }

    /// Lists the outcomes of the jobs in the order of processing, behind the outcome with the id
    /// `after`: at most `limit`, fewer if they are large.
    ///
    /// Errors: `action_not_found`.
    pub async fn list_action_outcomes(
        &self,
        id: &str,
        outcome: Option<Outcome>,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Part<job_action_outcome::Model>> {
        self.get_action(id).await?;
        self.db.action_outcomes(id, outcome, after, limit).await
    }
}

impl NewAction {
    fn check(&self) -> Result<()> {
        let mut checks = validate::Checks::default();
        checks.range(
            "/priority",
            self.priority,
            validate::MIN_PRIORITY,
            validate::MAX_PRIORITY,
        );
        match (self.action, self.priority) {
            (ActionKind::Undo, _) => checks.fail(
                "/action",
                "invalid",
                "An undo is of one action: start it with undo_action.",
            ),
            (ActionKind::SetPriority, None) => checks.fail(
                "/priority",
                "required",
                "The action set_priority needs a priority: give one from -100 to 100.",
            ),
            (ActionKind::SetPriority, Some(_)) | (_, None) => {}
            (_, Some(_)) => checks.fail(
                "/priority",
                "invalid",
                "Only the action set_priority accepts a priority: remove it.",
            ),
        }
        if self.action == ActionKind::Restore {
            restore::check_fields(&mut checks, &self.filter);
        }
        checks.finish()?;
        self.filter.check()
    }

    /// Returns the scope of the jobs that the action's verb changes at this time.
    fn changed_at(&self, now: DateTime<Utc>) -> ActionScope {
        ActionScope {
            changed_by: Some(ActionVerb {
                action: self.action,
                priority: self.priority.unwrap_or_default(),
                now,
            }),
            ..self.filter.scope()
        }
    }
}
