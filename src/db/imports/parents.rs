//! Series and episodes that the jobs of an import refer to, of which some may not exist.

use crate::{
    db::{Readable, Tx, imports::ImportedJob, rows::once::insert_each_unless_there},
    error::Result,
};
use entity::{episode, job, series};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Map, Value, json};
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
};

/// Inserts the series and episodes of the records. One that exists, or whose number is taken, stays
/// unchanged.
pub async fn bring(tx: &Tx, records: &[&ImportedJob]) -> Result<()> {
    let own = || records.iter().filter_map(|record| record.own.as_deref());
    let mut met = HashSet::new();
    let series = own()
        .flat_map(|own| &own.series)
        .filter(|s| met.insert(s.id.as_str()))
        .cloned()
        .collect();
    insert_each_unless_there(tx, series).await?;
    let mut met = HashSet::new();
    let episodes = own()
        .filter_map(|own| own.episode.as_ref())
        .filter(|e| met.insert(e.id.as_str()))
        .cloned();
    insert_each_unless_there(tx, episodes.collect()).await?;
    Ok(())
}

/// Existing series and episodes, among those that jobs refer to.
pub struct Parents {
    series: HashSet<String>,
    episodes: HashSet<String>,
}

impl Parents {
    /// Looks up the series and episodes that these jobs refer to.
    pub async fn of<'a>(
        conn: &impl ConnectionTrait,
        jobs: impl Iterator<Item = &'a job::Model> + Clone,
    ) -> Result<Self> {
        let named: BTreeSet<_> = jobs
            .clone()
            .filter_map(|job| job.series_id.as_deref())
            .collect();
        let mut series = Vec::new();
        if !named.is_empty() {
            let find = series::Entity::find()
                .select_only()
                .column(series::Column::Id);
            series = find
                .filter(series::Column::Id.is_in(named))
                .into_tuple()
                .rows(conn)
                .await?;
        }
        let named: BTreeSet<_> = jobs.filter_map(|job| job.episode_id.as_deref()).collect();
        let mut episodes = Vec::new();
        if !named.is_empty() {
            let find = episode::Entity::find()
                .select_only()
                .column(episode::Column::Id);
            episodes = find
                .filter(episode::Column::Id.is_in(named))
                .into_tuple()
                .rows(conn)
                .await?;
        }
        Ok(Self {
            series: series.into_iter().collect(),
            episodes: episodes.into_iter().collect(),
        })
    }

    /// Adds the series and episodes that the records contain.
    pub fn with_those_of(mut self, records: &[ImportedJob]) -> Self {
        for own in records.iter().filter_map(|record| record.own.as_deref()) {
            self.series
                .extend(own.series.iter().map(|series| series.id.clone()));
            self.episodes
                .extend(own.episode.iter().map(|episode| episode.id.clone()));
        }
        self
    }

    /// Returns the record as its job would be stored: only in this form can it be compared with a
    /// stored job.
    pub fn settled<'a>(&self, record: &'a ImportedJob) -> Cow<'a, ImportedJob> {
        let mut record = Cow::Borrowed(record);
        if !self.knows_those_of(&record.job) {
            self.settle(&mut record.to_mut().job);
        }
        record
    }

    pub fn knows_those_of(&self, job: &job::Model) -> bool {
        job.series_id
            .as_ref()
            .is_none_or(|id| self.series.contains(id))
            && job
                .episode_id
                .as_ref()
                .is_none_or(|id| self.episodes.contains(id))
    }

    /// Moves a reference to a missing series or episode to `context.legacy`, where it stays
    /// readable: the foreign key accepts only existing rows.
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
    // A context, or a `legacy` member in it, that is not an object stays readable beside the link.
    let context = job.context.get_or_insert_with(|| json!({}));
    members(
        members(context)
            .entry("legacy")
            .or_insert_with(|| json!({})),
    )
    .insert(name.to_owned(), id.into());
}

/// Members of the value, which becomes `{"value": …}` if it is not an object.
fn members(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({"value": value.take()});
    }
    match value {
        Value::Object(members) => members,
        _ => unreachable!("it was made an object"),
    }
}
