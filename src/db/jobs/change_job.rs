//! Changes a job: loads it, calls the decision, and writes the columns that differ, with an event
//! and a new version.

use crate::{
    db::{
        BatchWrite, Call, Entry, QueuedWrite, Tx, Write, WriteOutcome,
        jobs::{change_batch::Changes, locks},
    },
    error::{Error, Result},
    lifecycle::EventKind,
};
use entity::{job, job_item};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait,
};
use serde_json::Value;

/// Items that a decision needs.
#[derive(Clone, Debug, Default)]
pub enum Items {
    #[default]
    None,
    /// Only the number of items, and the number of done ones.
    Counted,
    /// Items with one of these keys or positions.
    Named {
        keys: Vec<String>,
        indexes: Vec<i32>,
    },
    /// Items that have not ended.
    Open,
    /// All items, in order.
    All,
}

/// Input of a decision.
#[derive(Clone)]
pub struct Loaded {
    pub job: job::Model,
    /// Items that the decision asked for.
    pub items: Vec<job_item::Model>,
    /// Number of items of the job; 0 if none were asked for.
    pub item_count: i32,
    /// Number of done items of the job; 0 if none were asked for.
    pub done_count: i32,
}

/// Output of a decision: the rows as they are to be.
pub struct Change {
    /// Start of the job that precedes the change; one write makes both.
    pub start: Option<Box<Start>>,
    /// Events to record, in order; each is a step of the version.
    pub events: Vec<(EventKind, Option<Value>)>,
    pub job: job::Model,
    /// Changed and new items.
    pub items: Vec<job_item::Model>,
}

/// Step of a change before its others: the job as it leaves it, and its event.
pub struct Start {
    pub job: job::Model,
    pub kind: EventKind,
    pub data: Option<Value>,
}

impl Change {
    pub fn of(kind: EventKind, job: job::Model) -> Self {
        Self {
            start: None,
            events: vec![(kind, None)],
            job,
            items: Vec::new(),
        }
    }

    /// Change of the lease alone: no event, no new version.
    pub fn of_lease(job: job::Model) -> Self {
        Self {
            start: None,
            events: Vec::new(),
            job,
            items: Vec::new(),
        }
    }

    /// Returns the number of versions that the change adds.
    pub fn steps(&self) -> usize {
        self.events.len() + usize::from(self.start.is_some())
    }

    /// Adds data to the last event.
    pub fn with_data(mut self, data: Value) -> Self {
        if let Some((_, event_data)) = self.events.last_mut() {
            *event_data = Some(data);
        }
        self
    }
}

/// Outcome of a change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Job after the change.
    pub job: job::Model,
    /// Whether the decision changed something.
    pub changed: bool,
    /// Worker that had claimed the job before the change.
    pub worker_id: Option<String>,
}

/// Decides from the rows alone. It is called again when the transaction is rerun. `None` changes
/// nothing.
pub type Decide = Box<dyn Fn(&Loaded) -> Result<Option<Change>> + Send + Sync>;

pub struct ChangeJob {
    pub id: String,
    /// Accepted versions, one of which has to be the job's current one; `None` for any.
    pub if_version: Option<Vec<i64>>,
    pub items: Items,
    /// Approximate bytes that `decide` holds: documents and texts of the request.
    pub weight: usize,
    pub decide: Decide,
}

impl Write for ChangeJob {
    type Output = Changed;

    async fn apply(&self, tx: &Tx) -> Result<Changed> {
        let by = tx.by();
        let call = Call {
            write: self,
            by: &by,
        };
        let outcome = Changes::make(tx, &[call], false).await?.pop();
        outcome.unwrap_or(WriteOutcome::Blocked).decided()
    }

    fn key(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn weight(&self) -> usize {
        1024 + self.weight
    }

    fn queued(entry: Entry<Self>) -> QueuedWrite {
        QueuedWrite::Change(Box::new(entry))
    }
}

impl BatchWrite for ChangeJob {
    /// Skips jobs that another transaction has locked, so that only their own callers wait.
    async fn apply_all(calls: &[Call<'_, Self>], tx: &Tx) -> Result<Vec<WriteOutcome<Changed>>> {
        Changes::make(tx, calls, locks::skips_locked_rows(tx)).await
    }
}

/// Changes of many jobs by one caller, each accepted or refused by itself, in order.
pub struct ChangeJobs(pub Vec<ChangeJob>);

impl Write for ChangeJobs {
    type Output = Vec<Result<Changed>>;

    async fn apply(&self, tx: &Tx) -> Result<Self::Output> {
        let by = tx.by();
        let calls: Vec<_> = self.0.iter().map(|write| Call { write, by: &by }).collect();
        let outcomes = Changes::make(tx, &calls, false).await?;
        Ok(outcomes.into_iter().map(WriteOutcome::decided).collect())
    }

    fn weight(&self) -> usize {
        self.0.iter().map(Write::weight).sum()
    }

    fn is_large(&self) -> bool {
        self.0.len() > 100
    }
}

pub(in crate::db) fn check_version(job: &job::Model, accepted: Option<&[i64]>) -> Result<()> {
    match accepted {
        Some(versions) if !versions.contains(&job.version) => {
            let expected = match versions {
                [] => "the one named".to_owned(),
                _ => versions
                    .iter()
                    .map(i64::to_string)
                    .collect::<Vec<_>>()
                    .join(" or "),
            };
            Err(Error::VersionMismatch {
                expected,
                current: job.version,
            })
        }
        _ => Ok(()),
    }
}

/// Writes only the columns that differ, because an unchanged column needs no new index entry.
pub(in crate::db) async fn update(
    tx: &impl ConnectionTrait,
    before: &job::Model,
    after: &job::Model,
) -> Result<()> {
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
