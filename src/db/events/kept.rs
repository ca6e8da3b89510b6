//! What the event of a change keeps of the job before it, for an undo. Only an undo reads it.

use crate::{
    db::{Database, Part, Readable},
    error::Result,
};
use entity::{job, job_event};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, sea_query::ExprTrait,
};
use serde_json::Value;
use std::collections::HashMap;

/// Member of an event's data: columns that the change replaced.
pub const KEPT: &str = "before";

impl Database {
    /// Returns the last event of each of the jobs, with what it keeps, by the id of the job.
    pub async fn last_events(&self, ids: &[String]) -> Result<HashMap<String, job_event::Model>> {
        use job_event::Column as C;
        let versions: Vec<(String, i64)> = job::Entity::find()
            .select_only()
            .columns([job::Column::Id, job::Column::Version])
            .filter(job::Column::Id.is_in(ids))
            .into_tuple()
            .rows(self.read())
            .await?;
        let last = versions
            .into_iter()
            .map(|(id, version)| C::JobId.eq(id).and(C::Seq.eq(version)))
            .fold(Condition::any(), Condition::add);
        if last.is_empty() {
            return Ok(HashMap::new());
        }
        let events = job_event::Entity::find().filter(last);
        let events: Vec<job_event::Model> = events.rows(self.read()).await?;
        let by_job = |event: job_event::Model| (event.job_id.clone(), event);
        Ok(events.into_iter().map(by_job).collect())
    }
}

/// Returns the events as clients see them: without what they keep.
pub fn shown(mut events: Part<job_event::Model>) -> Part<job_event::Model> {
    events.iter_mut().for_each(hide_kept);
    events
}

/// Removes what the event keeps. An export does not have it, and an import does not take it: an
/// undo puts back only what this database wrote itself.
pub fn hide_kept(event: &mut job_event::Model) {
    let Some(Value::Object(data)) = &mut event.data else {
        return;
    };
    if data.remove(KEPT).is_some() && data.is_empty() {
        event.data = None;
    }
}
