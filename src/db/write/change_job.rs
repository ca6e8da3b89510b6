//! Changing a job: load it, let the verb decide, write what differs, with its event and its step of the version.

use super::{changes::Changes, held};
use crate::{
    db::{Fate, Tx, Write},
    error::{Error, Result, Thing},
    lifecycle::EventKind,
};
use entity::{job, job_item};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait};
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

    /// A change of the lease alone, of which nobody is told: no event, no step of the version.
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
#[derive(Clone, Debug)]
pub struct Changed {
    /// As it is after the change.
    pub job: job::Model,
    /// The verb had something to change.
    pub changed: bool,
    /// Who held the job before.
    pub worker_id: Option<String>,
}

/// Decides from the rows alone; called again when the transaction has to be rerun. `None` leaves all as it is.
pub type Decide = Box<dyn Fn(&Loaded) -> Result<Option<Change>> + Send + Sync>;

pub struct ChangeJob {
    pub id: String,
    /// The versions of which one has to be the job's present one; `None` for any.
    pub if_version: Option<Vec<i64>>,
    pub items: Items,
    /// About how many bytes `decide` holds: documents and texts that came with the call.
    pub weight: usize,
    pub decide: Decide,
}

impl Write for ChangeJob {
    type Output = Changed;

    async fn apply(&self, tx: &Tx) -> Result<Changed> {
        match Changes::make(tx, &[self], false).await?.pop() {
            Some(Fate::Done(outcome)) => outcome,
            _ => Err(Error::Internal(format!("the change of the job {} was not decided", self.id))),
        }
    }

    /// A job that another transaction holds keeps nobody but its own callers waiting.
    async fn apply_all(writes: &[&Self], tx: &Tx) -> Result<Vec<Fate<Changed>>> {
        Changes::make(tx, writes, held::together(tx)).await
    }

    fn key(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn weight(&self) -> usize {
        1024 + self.weight
    }
}

/// Changes of many jobs that one caller makes, each taken or refused by itself, in their order.
pub struct ChangeJobs(pub Vec<ChangeJob>);

impl Write for ChangeJobs {
    type Output = Vec<Result<Changed>>;

    async fn apply(&self, tx: &Tx) -> Result<Self::Output> {
        let writes: Vec<&ChangeJob> = self.0.iter().collect();
        let outcome = |fate| match fate {
            Fate::Done(outcome) => outcome,
            // The statement waits for locked rows, so no change is set aside.
            Fate::Alone => Err(Error::Internal("a change of several jobs was set aside".to_owned())),
        };
        Ok(Changes::make(tx, &writes, false).await?.into_iter().map(outcome).collect())
    }

    fn weight(&self) -> usize {
        self.0.iter().map(Write::weight).sum()
    }

    fn is_large(&self) -> bool {
        self.0.len() > 100
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
