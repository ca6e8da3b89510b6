//! The series and episodes that jobs of an import name, of which not all are there.

use super::{ImportedJob, batch::unless_there};
use crate::{
    db::{Readable, Tx},
    error::Result,
};
use entity::{episode, job, series};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Map, Value, json};
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
};

/// The series and episodes that come along. One that is there, or whose number is taken, stays as it is.
pub async fn bring(tx: &Tx, records: &[&ImportedJob]) -> Result<()> {
    let own = || records.iter().filter_map(|record| record.own.as_deref());
    let mut met = HashSet::new();
    let series = own().flat_map(|own| &own.series).filter(|s| met.insert(s.id.as_str())).cloned().collect();
    unless_there::<series::Entity, _>(tx, series).await?;
    let mut met = HashSet::new();
    let episodes = own().filter_map(|own| own.episode.as_ref()).filter(|e| met.insert(e.id.as_str())).cloned();
    unless_there::<episode::Entity, _>(tx, episodes.collect()).await?;
    Ok(())
}

/// The series and episodes that are there, of those that jobs name.
pub struct Parents {
    series: HashSet<String>,
    episodes: HashSet<String>,
}

impl Parents {
    /// Of those that these jobs name.
    pub async fn of<'a>(
        conn: &impl ConnectionTrait,
        jobs: impl Iterator<Item = &'a job::Model> + Clone,
    ) -> Result<Self> {
        let named: BTreeSet<_> = jobs.clone().filter_map(|job| job.series_id.as_deref()).collect();
        let mut series = Vec::new();
        if !named.is_empty() {
            let find = series::Entity::find().select_only().column(series::Column::Id);
            series = find.filter(series::Column::Id.is_in(named)).into_tuple().rows(conn).await?;
        }
        let named: BTreeSet<_> = jobs.filter_map(|job| job.episode_id.as_deref()).collect();
        let mut episodes = Vec::new();
        if !named.is_empty() {
            let find = episode::Entity::find().select_only().column(episode::Column::Id);
            episodes = find.filter(episode::Column::Id.is_in(named)).into_tuple().rows(conn).await?;
        }
        Ok(Self { series: series.into_iter().collect(), episodes: episodes.into_iter().collect() })
    }

    /// Counts those that the records bring along as there.
    pub fn with_those_of(mut self, records: &[ImportedJob]) -> Self {
        for own in records.iter().filter_map(|record| record.own.as_deref()) {
            self.series.extend(own.series.iter().map(|series| series.id.clone()));
            self.episodes.extend(own.episode.iter().map(|episode| episode.id.clone()));
        }
        self
    }

    /// The record as its job would be stored: only so it can be told from a job that is.
    pub fn settled<'a>(&self, record: &'a ImportedJob) -> Cow<'a, ImportedJob> {
        let mut record = Cow::Borrowed(record);
        if !self.knows_those_of(&record.job) {
            self.settle(&mut record.to_mut().job);
        }
        record
    }

    pub fn knows_those_of(&self, job: &job::Model) -> bool {
        job.series_id.as_ref().is_none_or(|id| self.series.contains(id))
            && job.episode_id.as_ref().is_none_or(|id| self.episodes.contains(id))
    }

    /// Jobs may name a series or episode that never came along. The link is kept as `context.legacy` then, where it can
    /// be read, since the column takes only what is there.
    pub fn settle(&self, job: &mut job::Model) {
        if let Some(id) = job.series_id.take_if(|id| !self.series.contains(id)) {
            keep_as_legacy(job, "series_id", id);
        }
        if let Some(id) = job.episode_id.take_if(|id| !self.episodes.contains(id)) {
            keep_as_legacy(job, "episode_id", id);
        }
    }
}

fn keep_as_legacy(job: &mut job::Model, name: &str, id: String) {
    // A context, or what is kept of a store in it, that is no object stays readable beside the link.
    let context = job.context.get_or_insert_with(|| json!({}));
    members(members(context).entry("legacy").or_insert_with(|| json!({}))).insert(name.to_owned(), id.into());
}

/// The members of the value, which becomes `{"value": …}` when it is no object.
fn members(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({"value": value.take()});
    }
    match value {
        Value::Object(members) => members,
        _ => unreachable!("it was made an object"),
    }
}
