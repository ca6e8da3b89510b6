//! Changing a job: load it, let the verb decide, write what differs, with its event and its step of the version.

use super::{check_parents, event, insert_events, insert_items, sets};
use crate::{
    db::{Tx, Write},
    error::{Error, Result, Thing},
    lifecycle::EventKind,
};
use entity::{ItemStatus, job, job_event, job_item};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};
use serde_json::Value;
use std::collections::HashSet;

/// Which items a verb has to see before it decides.
#[derive(Clone, Debug, Default)]
pub enum Items {
    #[default]
    None,
    /// Only how many there are, and how many are done.
    Counted,
    /// Those with one of these keys or positions.
    Named { keys: Vec<String>, indexes: Vec<i32> },
    /// Those that have not ended.
    Open,
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
    /// What is told, in order, each a step of the version.
    pub events: Vec<(EventKind, Option<Value>)>,
    pub job: job::Model,
    /// Changed and new items.
    pub items: Vec<job_item::Model>,
}

impl Change {
    pub fn of(kind: EventKind, job: job::Model) -> Self {
        Self { events: vec![(kind, None)], job, items: Vec::new() }
    }

    /// A change of the lease alone, of which nothing is told: no event, no step of the version.
    pub fn of_lease(job: job::Model) -> Self {
        Self { events: Vec::new(), job, items: Vec::new() }
    }

    /// Says more of what was told last.
    pub fn telling(mut self, data: Value) -> Self {
        if let Some((_, told)) = self.events.last_mut() {
            *told = Some(data);
        }
        self
    }
}

/// What a change came to.
pub struct Changed {
    /// As it is after the change.
    pub job: job::Model,
    /// The verb had something to change.
    pub changed: bool,
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
    type Output = Changed;

    async fn apply(&self, tx: &Tx) -> Result<Changed> {
        let loaded = self.load(tx).await?;
        let Some(mut change) = (self.decide)(&loaded)? else {
            return Ok(Changed { job: loaded.job, changed: false });
        };
        let before = &loaded.job;
        let events = step(before, &mut change.job, change.events);
        let changed = |a: &Option<String>, b: &Option<String>| if a == b { None } else { b.clone() };
        let series = changed(&before.series_id, &change.job.series_id);
        let episode = changed(&before.episode_id, &change.job.episode_id);
        check_parents(tx, series.as_deref(), episode.as_deref()).await?;
        update(tx, before, &change.job).await?;
        upsert_items(tx, &loaded.items, change.items).await?;
        insert_events(tx, events).await?;
        Ok(Changed { job: change.job, changed: true })
    }
}

/// Numbers the events, and sets the job to the version that they lead to.
pub(super) fn step(
    before: &job::Model,
    job: &mut job::Model,
    told: Vec<(EventKind, Option<Value>)>,
) -> Vec<job_event::ActiveModel> {
    job.version = before.version;
    let mut left = Some(before);
    let mut number = |(kind, data): (EventKind, Option<Value>)| {
        job.version += 1;
        event(left.take(), job, kind, data)
    };
    told.into_iter().map(&mut number).collect()
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
            Items::Open => {
                let open = job_item::Column::Status.is_in([ItemStatus::Pending, ItemStatus::Processing]);
                found.filter(open).all(tx).await?
            }
            Items::Named { keys, indexes } => named(tx, &job.id, keys, indexes).await?,
        };
        let positions = job_item::Entity::find().select_only().column(job_item::Column::Idx).filter(of_job.clone());
        let last: Option<i32> = positions.order_by_desc(job_item::Column::Idx).limit(1).into_tuple().one(tx).await?;
        // Positions run from 0 without gaps.
        let item_count = last.map_or(0, |last| last + 1);
        let done_count = match &self.items {
            // A report of one item of ten thousand does not count the others: the job has the count. An imported one
            // has what its store said.
            Items::Named { .. } if job.source.is_none() => {
                if item_count > 0 {
                    job.completed_shots
                } else {
                    0
                }
            }
            _ => {
                let done = job_item::Column::Status.is_in([ItemStatus::Completed, ItemStatus::Skipped]);
                let done = job_item::Entity::find().filter(of_job).filter(done).count(tx).await?;
                i32::try_from(done).unwrap_or(i32::MAX)
            }
        };
        Ok(Loaded { job, items, item_count, done_count })
    }
}

/// Items with one of the keys or positions, by an index each: the two in one condition would be looked for in all items
/// of the job.
async fn named(tx: &Tx, job_id: &str, keys: &[String], indexes: &[i32]) -> Result<Vec<job_item::Model>> {
    let backend = tx.get_database_backend();
    let of_job = || job_item::Entity::find().filter(job_item::Column::JobId.eq(job_id));
    let mut items = Vec::new();
    if !keys.is_empty() {
        items = of_job().filter(sets::one_of(backend, "key", keys)).all(tx).await?;
    }
    if !indexes.is_empty() {
        let known: HashSet<i32> = items.iter().map(|item| item.idx).collect();
        let by_index = of_job().filter(sets::one_of_numbers(backend, "idx", indexes)).all(tx).await?;
        items.extend(by_index.into_iter().filter(|item| !known.contains(&item.idx)));
    }
    items.sort_by_key(|item| item.idx);
    Ok(items)
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

/// Writes items that changed and inserts new ones, by a statement each however many they are.
async fn upsert_items(tx: &Tx, before: &[job_item::Model], after: Vec<job_item::Model>) -> Result<()> {
    use job_item::Column as C;
    const CHANGING: [C; 7] = [C::Status, C::Result, C::Error, C::Attempt, C::UpdatedAt, C::StartedAt, C::CompletedAt];
    if after.is_empty() {
        return Ok(());
    }
    let known: HashSet<i32> = before.iter().map(|item| item.idx).collect();
    let (known, new): (Vec<_>, Vec<_>) = after.into_iter().partition(|item| known.contains(&item.idx));
    let described = known.iter().any(|item| before.iter().any(|b| b.idx == item.idx && b.input != item.input));
    let columns = if described { [&CHANGING[..], &[C::Input]].concat() } else { CHANGING.to_vec() };
    sets::update::<job_item::Entity>(tx, &[C::JobId, C::Idx], &columns, &known).await?;
    insert_items(tx, &new).await?;
    Ok(())
}
