//! Changing a job: load it, let the verb decide, write what differs, with its event and its step of the version.

use super::{check_parents, event, insert_events, insert_items};
use crate::{
    db::{Tx, Write},
    error::{Error, Result, Thing},
    lifecycle::EventKind,
};
use entity::{ItemStatus, job, job_item};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};
use serde_json::Value;

/// Which items a verb has to see before it decides.
#[derive(Clone, Debug, Default)]
pub enum Items {
    #[default]
    None,
    /// Only how many there are, and how many are done.
    Counted,
    /// Those with one of these keys or positions.
    Named { keys: Vec<String>, indexes: Vec<i32> },
    /// All of them, in order.
    All,
}

/// What a verb decides on.
#[derive(Clone)]
pub struct Loaded {
    pub job: job::Model,
    /// As asked for.
    pub items: Vec<job_item::Model>,
    /// How many items the job has; 0 when none were asked for.
    pub item_count: i32,
    /// How many of them are done; 0 when none were asked for.
    pub done_count: i32,
}

/// What a verb decided: the rows as they are to be.
pub struct Change {
    pub kind: EventKind,
    pub data: Option<Value>,
    pub job: job::Model,
    /// Changed and new items.
    pub items: Vec<job_item::Model>,
}

impl Change {
    pub fn of(kind: EventKind, job: job::Model) -> Self {
        Self { kind, data: None, job, items: Vec::new() }
    }

    pub fn telling(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }
}

/// Decides from the rows alone; called again when the transaction has to be rerun. `None` leaves all as it is.
pub type Decide = Box<dyn Fn(&Loaded) -> Result<Option<Change>> + Send + Sync>;

pub struct ChangeJob {
    pub id: String,
    /// The versions of which one has to be the job's present one; `None` for any.
    pub if_version: Option<Vec<i64>>,
    pub items: Items,
    pub decide: Decide,
}

impl Write for ChangeJob {
    /// The job as it is after the change.
    type Output = job::Model;

    async fn apply(&self, tx: &Tx) -> Result<job::Model> {
        let loaded = self.load(tx).await?;
        let Some(mut change) = (self.decide)(&loaded)? else { return Ok(loaded.job) };
        let before = &loaded.job;
        change.job.version = before.version + 1;
        let changed = |a: &Option<String>, b: &Option<String>| if a == b { None } else { b.clone() };
        let series = changed(&before.series_id, &change.job.series_id);
        let episode = changed(&before.episode_id, &change.job.episode_id);
        check_parents(tx, series.as_deref(), episode.as_deref()).await?;
        update(tx, before, &change.job).await?;
        upsert_items(tx, &loaded.items, &change.items).await?;
        insert_events(tx, vec![event(Some(before), &change.job, change.kind, change.data)]).await?;
        Ok(change.job)
    }
}

impl ChangeJob {
    async fn load(&self, tx: &Tx) -> Result<Loaded> {
        let job = job::Entity::find_by_id(&self.id).lock(LockType::Update).one(tx).await?;
        let job = job.ok_or(Error::NotFound(Thing::Job))?;
        check_version(&job, self.if_version.as_deref())?;
        let of_job = job_item::Column::JobId.eq(&job.id);
        let found = job_item::Entity::find().filter(of_job.clone()).order_by_asc(job_item::Column::Idx);
        let items = match &self.items {
            Items::None => return Ok(Loaded { job, items: Vec::new(), item_count: 0, done_count: 0 }),
            Items::Counted => Vec::new(),
            Items::All => found.all(tx).await?,
            Items::Named { keys, indexes } => {
                let by_key = job_item::Column::Key.is_in(keys);
                let by_index = job_item::Column::Idx.is_in(indexes.iter().copied());
                found.filter(Condition::any().add(by_key).add(by_index)).all(tx).await?
            }
        };
        let done = job_item::Column::Status.is_in([ItemStatus::Completed, ItemStatus::Skipped]);
        let done = job_item::Entity::find().filter(of_job.clone()).filter(done).count(tx).await?;
        let last = job_item::Entity::find().filter(of_job).order_by_desc(job_item::Column::Idx).one(tx).await?;
        // Positions run from 0 without gaps.
        let item_count = last.map_or(0, |last| last.idx + 1);
        Ok(Loaded { job, items, item_count, done_count: i32::try_from(done).unwrap_or(i32::MAX) })
    }
}

pub(super) fn check_version(job: &job::Model, accepted: Option<&[i64]>) -> Result<()> {
    match accepted {
        Some(versions) if !versions.contains(&job.version) => {
            let expected = match versions {
                [] => "the one named".to_owned(),
                _ => versions.iter().map(i64::to_string).collect::<Vec<_>>().join(" or "),
            };
            Err(Error::VersionMismatch { expected, current: job.version })
        }
        _ => Ok(()),
    }
}

/// Writes the columns that differ, and no others: what is not touched needs no new index entry.
pub(super) async fn update(tx: &impl ConnectionTrait, before: &job::Model, after: &job::Model) -> Result<()> {
    let mut row = before.clone().into_active_model();
    for column in job::Column::iter() {
        let value = after.get(column);
        if before.get(column) != value {
            row.set(column, value);
        }
    }
    job::Entity::update(row).exec(tx).await?;
    Ok(())
}

async fn upsert_items(tx: &impl ConnectionTrait, before: &[job_item::Model], after: &[job_item::Model]) -> Result<()> {
    let (known, new): (Vec<_>, Vec<_>) = after.iter().partition(|item| before.iter().any(|b| b.idx == item.idx));
    for item in known {
        let row = item.clone().into_active_model().reset_all();
        job_item::Entity::update(row).exec(tx).await?;
    }
    let new: Vec<_> = new.into_iter().cloned().collect();
    insert_items(tx, &new).await?;
    Ok(())
}
