//! Rows that a batch of an import inserts.

use crate::{
    db::{
        Tx,
        catalog::active_jobs,
        imports::ImportedJob,
        rows::{bulk, once::insert_each_unless_there},
    },
    error::Result,
    lifecycle::EventKind,
};
use chrono::{DateTime, Utc};
use entity::{active_job, job, job_event, job_item};
use std::borrow::Cow;

/// Rows that a batch inserts. Unchanged rows are borrowed, because a batch is large.
#[derive(Default)]
pub(super) struct Rows<'a> {
    pub(super) jobs: Vec<Cow<'a, job::Model>>,
    pub(super) items: Vec<Cow<'a, job_item::Model>>,
    pub(super) events: Vec<Cow<'a, job_event::Model>>,
    pub(super) active: Vec<active_job::Model>,
}

impl Rows<'_> {
    /// Inserts the rows, and takes ended jobs off the lists of clients.
    pub(super) async fn write(self, tx: &Tx) -> Result<()> {
        bulk::insert::<job::Entity, _>(tx, &self.jobs).await?;
        bulk::insert::<job_item::Entity, _>(tx, &self.items).await?;
        bulk::insert::<job_event::Entity, _>(tx, &self.events).await?;
        if !self.events.is_empty() {
            tx.note_any_change();
        }
        // The client may have the job on its list already.
        insert_each_unless_there(tx, self.active).await?;
        let changes = [EventKind::Merged, EventKind::Overwritten].map(EventKind::as_str);
        let changed = self
            .events
            .iter()
            .filter(|event| changes.contains(&event.kind.as_str()));
        let changed: Vec<job_event::Model> = changed.map(|event| (**event).clone()).collect();
        active_jobs::clear_ended(tx, &changed).await?;
        Ok(())
    }
}

/// Returns the entries of the job on the lists of clients, from an older store and from an export.
pub(super) fn active(record: &ImportedJob, now: DateTime<Utc>) -> Vec<active_job::Model> {
    let of_store = record.active.iter().map(|active| active_job::Model {
        client_id: active.client_id.clone(),
        job_id: record.job.id.clone(),
        title: active.title.clone(),
        created_at: now,
    });
    of_store
        .chain(record.own.iter().flat_map(|own| own.active.iter().cloned()))
        .collect()
}
