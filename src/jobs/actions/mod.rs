//! Actions on all jobs that match a filter: counted first, run in the background, with an outcome for each job.
//!
//! Which jobs are acted on is settled when an action begins: those that match and were created until then. They are
//! walked in the order of their creation, so that the walk ends and can go on anywhere after any interruption.

mod filter;
mod run;

pub use filter::ActionFilter;

use super::{Counts, Filter, Idempotency, JobManager, validate};
use crate::{
    db::{
        Readable, page,
        write::{EndAction, StartAction},
    },
    error::{Error, Result, Thing},
    lifecycle::{Cursor, STALE_AFTER},
};
use chrono::{DateTime, Utc};
use entity::{
    JobStatus, job,
    job_action::{self, ActionKind, ActionStatus},
    job_action_outcome::{self, Outcome},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait},
};

/// What is to be done to which jobs.
#[derive(Clone, Debug)]
pub struct NewAction {
    pub action: ActionKind,
    /// Of `set_priority`, -100 to 100.
    pub priority: Option<i16>,
    pub filter: ActionFilter,
}

/// What an action would come to.
pub struct Preview {
    pub by_status: Counts,
    /// How many of them would be changed.
    pub will_change: u64,
    pub as_of: DateTime<Utc>,
    pub filter_text: String,
}

impl JobManager {
    /// What the action would come to now.
    ///
    /// Errors: `invalid_request`.
    pub async fn preview_action(&self, new: &NewAction) -> Result<Preview> {
        new.check()?;
        let now = self.now();
        let (this, list) = (self.clone(), new.filter.list_filter());
        let (own, changes) = (new.filter.own(), new.filter.own().add(new.changes(now)));
        let asked = list.clone();
        let look = async move { tokio::try_join!(this.counted(&asked, own), this.counted(&asked, changes)) };
        let (by_status, changed) = self.in_turn(&list, look).await?;
        let will_change = changed.total();
        Ok(Preview { by_status, will_change, as_of: now, filter_text: new.filter.text() })
    }

    /// Begins the action. One on all jobs there are has to be confirmed.
    ///
    /// Errors: `invalid_request`, `confirmation_required`, `idempotency_key_reused`.
    pub async fn start_action(
        &self,
        new: NewAction,
        confirm: bool,
        idempotency: Option<Idempotency>,
    ) -> Result<job_action::Model> {
        let (idempotency_key, idempotency_fingerprint) = Idempotency::parts(idempotency)?;
        if new.filter.is_empty() && !confirm {
            return Err(Error::ConfirmationRequired);
        }
        // Counted first: a job that is made meanwhile does not make the filter look as if it left one out.
        let there_are = self.count_jobs(&Filter::default()).await?.total();
        let preview = self.preview_action(&new).await?;
        let matching = preview.by_status.total();
        // Who asks for everything since some day, and means a part, is asked like one who gives no filter. Who names a
        // type, a label, a text or some statuses has said which jobs are meant, even where there are no others.
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
            finished_at: None,
            heartbeat_at: None,
            process: None,
            idempotency_key,
            idempotency_fingerprint,
        };
        let row = self.db.commit(StartAction { action: row, unconfirmed: on_all && !confirm }).await?;
        self.wake.notify_one();
        Ok(row)
    }

    /// Errors: `action_not_found`.
    pub async fn get_action(&self, id: &str) -> Result<job_action::Model> {
        validate::may_exist(id, Thing::Action)?;
        job_action::Entity::find_by_id(id).row(self.db.read()).await?.ok_or(Error::NotFound(Thing::Action))
    }

    /// A page of actions, the newest first, and where the next begins.
    pub async fn list_actions(
        &self,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<(Vec<job_action::Model>, Option<Cursor>)> {
        use job_action::Column as C;
        let mut query = job_action::Entity::find().order_by_desc(C::CreatedAt).order_by_desc(C::Id);
        if let Some(after) = after {
            let position = Expr::tuple([Expr::col(C::CreatedAt), Expr::col(C::Id)]);
            query = query.filter(position.lt(Expr::tuple([Expr::val(after.created_at), Expr::val(after.id)])));
        }
        let rows = page(query, limit + 1, self.db.read()).await?;
        Ok(super::cut(rows, limit, |row: &job_action::Model| Cursor { created_at: row.created_at, id: row.id.clone() }))
    }

    /// Ends an action after the batch that it is at. What it has done stays done; one that has ended stays as it is.
    ///
    /// Errors: `action_not_found`.
    pub async fn abort_action(&self, id: &str) -> Result<job_action::Model> {
        validate::may_exist(id, Thing::Action)?;
        let (id, now) = (id.to_owned(), self.now());
        self.db.commit(EndAction { id, process: None, status: ActionStatus::Aborted, error: None, now }).await
    }

    /// What became of the jobs, in the order in which they were met, behind the outcome with this number.
    ///
    /// Errors: `action_not_found`.
    pub async fn list_action_outcomes(
        &self,
        id: &str,
        outcome: Option<Outcome>,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Vec<job_action_outcome::Model>> {
        use job_action_outcome::Column as C;
        self.get_action(id).await?;
        let only = Condition::all()
            .add(C::ActionId.eq(id))
            .add_option(outcome.map(|outcome| C::Outcome.eq(outcome)))
            .add_option(after.map(|after| C::Id.gt(after)));
        let rows = job_action_outcome::Entity::find().filter(only).order_by_asc(C::Id);
        Ok(page(rows, limit, self.db.read()).await?)
    }
}

impl NewAction {
    fn check(&self) -> Result<()> {
        let mut checks = validate::Checks::default();
        checks.range("/priority", self.priority, -100, 100);
        match (self.action, self.priority) {
            (ActionKind::SetPriority, None) => checks.fail("/priority", "required", "Say which priority to set."),
            (ActionKind::SetPriority, Some(_)) | (_, None) => {}
            (_, Some(_)) => checks.fail("/priority", "invalid", "Only set_priority takes a priority: take it out."),
        }
        checks.finish()?;
        self.filter.check()
    }

    /// Which jobs the action's verb changes.
    fn changes(&self, now: DateTime<Utc>) -> Condition {
        use job::Column as C;
        let stale = || {
            let expired = C::LeaseExpiresAt.lte(now);
            let silent = C::LeaseExpiresAt.is_null().and(C::UpdatedAt.lte(now - STALE_AFTER));
            C::Status.eq(JobStatus::Processing).and(expired.or(silent))
        };
        match self.action {
            ActionKind::Cancel => Condition::all()
                .add(C::Status.is_in([JobStatus::Queued, JobStatus::Processing]))
                .add(C::CancelRequestedAt.is_null()),
            ActionKind::Retry => {
                Condition::any().add(C::Status.is_in([JobStatus::Failed, JobStatus::Cancelled])).add(stale())
            }
            ActionKind::Delete => Condition::all(),
            ActionKind::SetPriority => Condition::all().add(C::Priority.ne(self.priority.unwrap_or_default())),
        }
    }
}
