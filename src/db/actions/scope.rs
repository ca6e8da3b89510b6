//! Jobs of an action, as far as the filter of a list does not describe them.

use crate::db::jobs::stale::is_lost;
use chrono::{DateTime, Utc};
use entity::{JobStatus, job, job_action::ActionKind};
use sea_orm::{ColumnTrait, Condition, sea_query::Expr};

/// Conditions on the jobs of an action besides those of a list's filter. The default matches every
/// job.
#[derive(Clone, Debug, Default)]
pub struct ActionScope {
    /// Statuses, one of which a job must have; empty for any.
    pub statuses: Vec<JobStatus>,
    /// Ids of the jobs; empty for all.
    pub job_ids: Vec<String>,
    /// Verb that must change a job.
    pub changed_by: Option<ActionVerb>,
}

/// Verb of an action at a time.
#[derive(Clone, Copy, Debug)]
pub struct ActionVerb {
    pub action: ActionKind,
    /// New priority; only `set_priority` uses it.
    pub priority: i16,
    pub now: DateTime<Utc>,
}

impl ActionScope {
    pub(in crate::db) fn condition(&self) -> Condition {
        use job::Column as C;
        let statuses =
            (!self.statuses.is_empty()).then(|| C::Status.is_in(self.statuses.iter().copied()));
        let ids = (!self.job_ids.is_empty()).then(|| C::Id.is_in(&self.job_ids));
        Condition::all()
            .add_option(statuses)
            .add_option(ids)
            .add_option(self.changed_by.map(ActionVerb::changes))
    }
}

impl ActionVerb {
    /// Condition for the jobs that the verb changes.
    fn changes(self) -> Condition {
        use job::Column as C;
        match self.action {
            ActionKind::Cancel => Condition::all()
                .add(C::Status.is_in([JobStatus::Queued, JobStatus::Processing]))
                .add(C::CancelRequestedAt.is_null()),
            ActionKind::Retry => Condition::any()
                .add(C::Status.is_in([JobStatus::Failed, JobStatus::Cancelled]))
                .add(
                    Condition::all()
                        .add(C::Status.eq(JobStatus::Processing))
                        .add(is_lost(self.now)),
                ),
            ActionKind::Delete => Condition::all(),
            // The jobs of an undo are those that the other action changed, and those of a restore
            // are archived.
            ActionKind::Undo | ActionKind::Restore => Condition::any().add(Expr::val(false)),
            ActionKind::SetPriority => Condition::all().add(C::Priority.ne(self.priority)),
        }
    }
}
