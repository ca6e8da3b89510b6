//! Events in the history of a job: their rows, their order, and their deletion.

pub mod follow;
pub mod kept;
pub mod list;
pub mod positions;
pub mod prune_events;

use crate::{
    db::{JobChanged, Tx, catalog::active_jobs, rows::bulk, writer::facts::JobFact},
    lifecycle::{EventKind, seconds_in_status},
};
use entity::{job, job_event};
use sea_orm::DbErr;

/// Builds the event that records the change from one row to the next.
pub(in crate::db) fn event(
    before: Option<&job::Model>,
    job: &job::Model,
    kind: EventKind,
    data: Option<serde_json::Value>,
) -> job_event::Model {
    let left = before.filter(|before| before.status != job.status);
    let seconds = left.and_then(|left| {
        seconds_in_status(left.status, left.status_since, left.run_at, job.updated_at)
    });
    job_event::Model {
        // The database assigns the id.
        id: 0,
        job_id: job.id.clone(),
        seq: job.version,
        kind: kind.as_str().to_owned(),
        status: job.status,
        progress: job.progress,
        current_stage: job.current_stage.clone(),
        total_shots: job.total_shots,
        completed_shots: job.completed_shots,
        data,
        created_at: job.updated_at,
        job_type: Some(job.job_type.clone()),
        seconds,
        by_key: None,
        by_name: None,
    }
}

/// Writes the events, and adds them to the commit notice. Jobs that end with them leave the
/// clients' lists.
pub(in crate::db) async fn write_events(tx: &Tx, events: &[job_event::Model]) -> Result<(), DbErr> {
    events
        .iter()
        .filter_map(job_changed)
        .for_each(|news| tx.note_change(news));
    events
        .iter()
        .filter_map(JobFact::of_event)
        .for_each(|fact| tx.note_fact(fact));
    active_jobs::clear_ended(tx, events).await?;
    bulk::insert::<job_event::Entity, _>(tx, events).await
}

fn job_changed(event: &job_event::Model) -> Option<JobChanged> {
    let job_type = event.job_type.clone()?;
    Some(JobChanged {
        job_id: event.job_id.clone(),
        job_type,
        seq: event.seq,
        status: event.status,
    })
}
