//! undo_job: takes back the last cancel or retry of a job, or the last change of its schedule.

use super::before::{Before, NotKept};
use crate::{
    db::{
        KEPT, LISTS,
        write::{Change, Items},
    },
    error::{Error, Resource, Result},
    jobs::{IfVersion, JobManager, validate},
    lifecycle::{EventKind, may_step_back},
};
use entity::{JobStatus, job, job_event};
use serde_json::{Value, json};

/// Member of an event's data: the action that made the change.
pub const ACTION_ID: &str = "action_id";

impl JobManager {
    /// Puts back what the last change of the job replaced: status, error, result, time, priority,
    /// attempts and all else that a cancel, a retry, or a change of priority, time or attempts
    /// wrote. Refused if the job has changed since in any way.
    ///
    /// Errors: `job_not_found`, `cannot_undo`, `version_mismatch`.
    pub async fn undo_job(&self, id: &str, if_version: IfVersion) -> Result<job::Model> {
        validate::may_exist(id, Resource::Job)?;
        let last = self.db.last_events(&[id.to_owned()]).await?.remove(id);
        self.change(id, if_version, Items::None, move |loaded, _| {
            undone(&loaded.job, last.as_ref(), None).map(Some)
        })
        .await
    }
}

/// Returns the job as it was before its last event. That event must be the change to undo, by the
/// action if one is given.
pub(in crate::jobs) fn undone(
    now: &job::Model,
    last: Option<&job_event::Model>,
    action_id: Option<&str>,
) -> Result<Change> {
    let Some(last) = last.filter(|last| last.seq == now.version) else {
        return refused("The job is being changed at this moment: look at it, then try again.");
    };
    let data = |name| last.data.as_ref().and_then(|data| data.get(name));
    let of_action = data(ACTION_ID).and_then(Value::as_str);
    if last.kind == EventKind::Undone.as_str() {
        return refused("The change has been undone already.");
    }
    if action_id.is_some_and(|id| of_action != Some(id)) {
        return refused(format!(
            "The job has changed since: {}",
            as_it_is(now, last)
        ));
    }
    let kept = match data(KEPT) {
        Some(Value::Object(kept)) => Before::kept(now, kept),
        Some(reason) => return refused(why_not(reason)),
        None if is_undoable(&last.kind) => {
            return refused(format!(
                "What this change replaced was not kept, because a worker made it or an import \
                 brought it: {}",
                as_it_is(now, last)
            ));
        }
        None => {
            return refused(format!(
                "Only a cancel, a retry or a change of priority, time or attempts can be undone, \
                 as long as nothing follows it: {}",
                as_it_is(now, last)
            ));
        }
    };
    let Some(before) = kept.filter(|before| may_step_back(now.status, before.status)) else {
        return refused("What the change replaced cannot be read: change the job by hand.");
    };
    if now.cancel_requested_at.is_some() && now.last_heard_at >= now.cancel_requested_at {
        return refused(
            "The worker knows that it has to stop: wait until the job is cancelled, then retry it.",
        );
    }
    let mut job = now.clone();
    before.put_into(&mut job);
    let lists = data(KEPT).and_then(|kept| kept.get(LISTS));
    let data = json!({"undone": last.kind, ACTION_ID: of_action, KEPT: {LISTS: lists}});
    Ok(Change::of(EventKind::Undone, job).with_data(data))
}

/// Returns whether a client makes changes of this kind that can be undone.
fn is_undoable(kind: &str) -> bool {
    use EventKind::{CancelRequested, Cancelled, Retried};
    [Cancelled, CancelRequested, Retried]
        .iter()
        .any(|undoable| undoable.as_str() == kind)
}

fn refused<T>(reason: impl Into<String>) -> Result<T> {
    Err(Error::CannotUndo(reason.into()))
}

/// Describes the last event of the job and what can be done about it.
fn as_it_is(now: &job::Model, last: &job_event::Model) -> String {
    let hint = match now.status {
        JobStatus::Processing => "A worker has it; cancel it to stop the worker.",
        JobStatus::Completed => "It is completed and stays so.",
        JobStatus::Queued => "It is queued; cancel it if it should not run.",
        JobStatus::Failed | JobStatus::Cancelled => "Retry it if it should run.",
    };
    let kind = last.kind.replace('_', " ");
    format!("its last event is `{kind}` (version {}). {hint}", last.seq)
}

fn why_not(reason: &Value) -> &'static str {
    match serde_json::from_value(reason.clone()) {
        Ok(NotKept::Lease) => {
            "The change ended the lease of a worker, which cannot be given back: cancel the job if \
             it should not run."
        }
        _ => {
            "The error or result that the change removed was too large to be kept: it cannot be \
             put back."
        }
    }
}
