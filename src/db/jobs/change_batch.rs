//! Changes of many jobs in one transaction: one statement reads their rows, each decision sees the
//! row as the one before left it, and few statements write all rows and events.

use crate::{
    db::{
        Call, Tx, WriteOutcome,
        catalog::{kept_lists, parents::check_parents},
        connection::errors,
        events::{event, write_events},
        items::{self, FoundItems},
        jobs::{
            change_job::{Change, ChangeJob, Changed, Decide, Items, Loaded, check_version},
            locks::{locked, there},
        },
        rows::{
            bulk,
            job_rows::{self, Read},
        },
        writer::{by, facts::JobFact},
    },
    error::{Error, Resource, Result},
    lifecycle::{EventKind, version_after},
};
use entity::{job, job_event, job_item};
use sea_orm::{
    ConnectionTrait, EntityTrait, Iterable, ModelTrait, QueryFilter, QueryOrder, QueryTrait,
    sea_query::{Expr, LockType},
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Changes of one transaction.
pub struct Changes<'a> {
    tx: &'a Tx,
    writes: &'a [Call<'a, ChangeJob>],
    /// Whether to skip rows that another transaction has locked.
    skip_locked: bool,
    /// Jobs whose rows cannot be read.
    unreadable: HashSet<String>,
    outcomes: Vec<Option<WriteOutcome<Changed>>>,
}

/// Job that is being changed.
struct Row {
    /// Row as it was read; `None` until something has changed it.
    read: Option<job::Model>,
    /// Current row, without the items: only a decision that asks for items sees them.
    loaded: Loaded,
    found: FoundItems,
    steps: Vec<Step>,
    /// Whether there is something to write, even if the version stays.
    touched: bool,
    items: Vec<job_item::Model>,
}

/// Step of the version, with its event.
struct Step {
    event: job_event::Model,
    merges: bool,
    /// Indexes of the writes that are answered with the step, and whether each changed something.
    writes: Vec<(usize, bool)>,
}

impl<'a> Changes<'a> {
    /// Makes the changes. Returns one outcome per write, in order.
    pub async fn make(
        tx: &'a Tx,
        writes: &'a [Call<'a, ChangeJob>],
        skip_locked: bool,
    ) -> Result<Vec<WriteOutcome<Changed>>> {
        let outcomes = writes.iter().map(|_| None).collect();
        let mut this = Self {
            tx,
            writes,
            skip_locked,
            unreadable: HashSet::new(),
            outcomes,
        };
        let mut rest: Vec<usize> = (0..writes.len()).collect();
        while !rest.is_empty() {
            rest = this.pass(rest).await?;
        }
        Ok(this
            .outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or(WriteOutcome::Blocked))
            .collect())
    }

    /// Makes the changes of these writes. Returns those that need another pass, to see the items as
    /// an earlier write leaves them.
    async fn pass(&mut self, writes: Vec<usize>) -> Result<Vec<usize>> {
        let (now, later) = self.without_repeated_items(writes);
        let mut rows = self.load(&now).await?;
        let held = self.blocked_jobs(&now, &rows).await?;
        for i in now {
            let write = self.writes[i];
            match rows.get_mut(write.id.as_str()) {
                Some(row) => match self.step(i, row).await {
                    Ok(()) => {}
                    Err(error) if errors::is_database_error(&error) => return Err(error),
                    Err(error) => self.outcomes[i] = Some(WriteOutcome::Refused(error)),
                },
                None if self.unreadable.contains(&write.id) => {
                    self.outcomes[i] =
                        Some(WriteOutcome::Refused(Error::Unreadable(write.id.clone())));
                }
                None if held.contains(&write.id) => self.outcomes[i] = Some(WriteOutcome::Blocked),
                None => {
                    self.outcomes[i] = Some(WriteOutcome::Refused(Error::NotFound(Resource::Job)))
                }
            }
        }
        self.write(rows).await?;
        Ok(later)
    }

    /// Returns the jobs that another transaction has locked, among those that the query skipped.
    /// The others do not exist, and their callers have nothing to wait for.
    async fn blocked_jobs(
        &self,
        writes: &[usize],
        rows: &BTreeMap<String, Row>,
    ) -> Result<HashSet<String>> {
        let passed = writes
            .iter()
            .map(|i| self.writes[*i].id.as_str())
            .filter(|id| !rows.contains_key(*id));
        let passed: HashSet<&str> = passed.filter(|_| self.skip_locked).collect();
        Ok(there(self.tx, &passed.into_iter().collect::<Vec<_>>()).await?)
    }

    /// Splits the writes into this pass and the rest. The second write of a job that asks for items
    /// goes to the rest, with all later writes of that job: the first may change the items that it
    /// would see.
    fn without_repeated_items(&self, writes: Vec<usize>) -> (Vec<usize>, Vec<usize>) {
        let (mut asked, mut closed) = (HashSet::new(), HashSet::new());
        writes.into_iter().partition(|i| {
            let write = self.writes[*i].write;
            let asks = !matches!(write.items, Items::None);
            if closed.contains(&write.id) || (asks && !asked.insert(&write.id)) {
                closed.insert(&write.id);
                return false;
            }
            true
        })
    }

    async fn load(&mut self, writes: &[usize]) -> Result<BTreeMap<String, Row>> {
        let ids: HashSet<&str> = writes.iter().map(|i| self.writes[*i].id.as_str()).collect();
        let find = match (ids.len(), writes) {
            (1, [one, ..]) => job::Entity::find_by_id(&self.writes[*one].id),
            _ => {
                let ids: Vec<_> = ids.into_iter().collect();
                let backend = self.tx.get_database_backend();
                let find = job::Entity::find().filter(bulk::is_one_of(
                    backend,
                    Expr::col(job::Column::Id),
                    &ids,
                ));
                // Two transactions that wait for each other's rows would deadlock; one order
                // prevents that.
                if self.skip_locked {
                    find
                } else {
                    find.order_by_asc(job::Column::Id)
                }
            }
        };
        let find =
            locked(find, LockType::Update, self.skip_locked).build(self.tx.get_database_backend());
        let Read {
            jobs, unreadable, ..
        } = job_rows::read(self.tx, find).await?;
        self.unreadable.extend(unreadable);
        let wanted: HashMap<&str, &Items> = writes
            .iter()
            .map(|i| self.writes[*i].write)
            .filter(|w| !matches!(w.items, Items::None))
            .map(|w| (w.id.as_str(), &w.items))
            .collect();
        let mut found = items::find(
            self.tx,
            jobs.iter()
                .filter_map(|job| Some((job, *wanted.get(job.id.as_str())?)))
                .collect(),
        )
        .await?;
        let row = |job: job::Model| {
            let (id, found) = (job.id.clone(), found.remove(&job.id).unwrap_or_default());
            let loaded = Loaded {
                job,
                items: Vec::new(),
                item_count: 0,
                done_count: 0,
            };
            (
                id,
                Row {
                    read: None,
                    loaded,
                    found,
                    steps: Vec::new(),
                    touched: false,
                    items: Vec::new(),
                },
            )
        };
        Ok(jobs.into_iter().map(row).collect())
    }

    /// Calls the decision of the write with the current row.
    async fn step(&mut self, i: usize, row: &mut Row) -> Result<()> {
        let write = self.writes[i];
        by::check(write.by, &row.loaded.job)?;
        check_version(&row.loaded.job, write.if_version.as_deref())?;
        let decided = match write.items {
            Items::None => (write.decide)(&row.loaded),
            _ => row.with_items(&write.decide),
        };
        let before = &row.loaded.job;
        let Some(change) = decided? else {
            self.settle(i, before.worker_id.clone(), before.clone(), false);
            // Later progress reports may extend this step; this write is answered with its final
            // state.
            if let Some(last) = row.steps.last_mut().filter(|last| last.merges) {
                last.writes.push((i, false));
            }
            return Ok(());
        };
        version_after(before.version, change.steps()).ok_or(Error::CounterExhausted)?;
        by::check_labels(self.tx, write.by, before, &change.job).await?;
        let changed =
            |a: &Option<String>, b: &Option<String>| if a == b { None } else { b.clone() };
        let series = changed(&before.series_id, &change.job.series_id);
        let episode = changed(&before.episode_id, &change.job.episode_id);
        if check_parents(
            self.tx,
            series.as_deref(),
            episode.as_deref(),
            self.skip_locked,
        )
        .await?
        {
            self.take(i, row, change)
        } else {
            self.outcomes[i] = Some(WriteOutcome::Blocked)
        }
        Ok(())
    }

    fn take(&mut self, i: usize, row: &mut Row, change: Change) {
        let Change {
            start,
            events,
            mut job,
            items,
        } = change;
        let before = &row.loaded.job;
        let worker = || before.worker_id.clone();
        // Progress reports that are committed together become one step and one event, because no
        // reader could have seen the others.
        let by = self.writes[i].by;
        let merges = start.is_none()
            && matches!(events[..], [(EventKind::Progressed, _)])
            && self.writes[i].if_version.is_none();
        job.version = before.version;
        match row.steps.last_mut().filter(|last| merges && last.merges) {
            Some(last) => {
                last.event = event(Some(before), &job, EventKind::Progressed, None);
                by::sign(&mut last.event, by);
                last.writes.push((i, true));
                for (write, changed) in &last.writes {
                    self.settle(*write, worker(), job.clone(), *changed);
                }
            }
            None => {
                let mut step = |mut event: job_event::Model| {
                    by::sign(&mut event, by);
                    row.steps.push(Step {
                        event,
                        merges,
                        writes: vec![(i, true)],
                    });
                };
                let begun = start.map(|start| {
                    job.version = job.version.saturating_add(1);
                    let version = job.version;
                    let begun = job::Model {
                        version,
                        ..start.job
                    };
                    step(event(Some(before), &begun, start.kind, start.data));
                    begun
                });
                // Only the first step leaves the old status.
                let mut left = begun.as_ref().or(Some(before));
                for (kind, data) in events {
                    job.version = job.version.saturating_add(1);
                    step(event(left.take(), &job, kind, data));
                }
                self.settle(i, worker(), job.clone(), true);
            }
        }
        row.touched = true;
        row.items.extend(items);
        let before = std::mem::replace(&mut row.loaded.job, job);
        row.read.get_or_insert(before);
    }

    fn settle(&mut self, i: usize, worker_id: Option<String>, job: job::Model, changed: bool) {
        let changed = Changed {
            job,
            changed,
            worker_id,
        };
        self.outcomes[i] = Some(WriteOutcome::Done(changed));
    }

    async fn write(&self, rows: BTreeMap<String, Row>) -> Result<()> {
        // Rows in which the same columns differ are written by one statement.
        let mut alike: BTreeMap<Vec<usize>, Vec<job::Model>> = BTreeMap::new();
        let (mut events, mut changed) = (Vec::new(), Vec::new());
        for row in rows.into_values().filter(|row| row.touched) {
            let (read, now) = (row.read.as_ref(), row.loaded.job);
            let differ = |(_, column): &(usize, job::Column)| {
                read.is_some_and(|r| r.get(*column) != now.get(*column))
            };
            let columns: Vec<_> = job::Column::iter()
                .enumerate()
                .filter(differ)
                .map(|(place, _)| place)
                .collect();
            if row.steps.is_empty() && !columns.is_empty() {
                self.tx.note_lease(now.id.clone());
            }
            row.steps
                .iter()
                .filter_map(|step| JobFact::of_end(row.read.as_ref(), &now, &step.event))
                .for_each(|fact| self.tx.note_fact(fact));
            alike.entry(columns).or_default().push(now);
            events.extend(row.steps.into_iter().map(|step| step.event));
            if !row.items.is_empty() {
                changed.push((row.found.items, row.items));
            }
        }
        // A lease that is set to its current value differs in no column.
        for (places, jobs) in alike.into_iter().filter(|(places, _)| !places.is_empty()) {
            let all: Vec<_> = job::Column::iter().collect();
            let columns: Vec<_> = [job::Column::Id]
                .into_iter()
                .chain(places.into_iter().map(|place| all[place]))
                .collect();
            bulk::update::<job::Entity>(self.tx, 1, &columns, &jobs).await?;
        }
        items::write(self.tx, changed).await?;
        kept_lists::keep(self.tx, &mut events).await?;
        write_events(self.tx, &events).await?;
        kept_lists::put_back(self.tx, &events).await?;
        Ok(())
    }
}

impl Row {
    fn with_items(&mut self, decide: &Decide) -> Result<Option<Change>> {
        let FoundItems { items, count, done } = std::mem::take(&mut self.found);
        (
            self.loaded.items,
            self.loaded.item_count,
            self.loaded.done_count,
        ) = (items, count, done);
        let decided = decide(&self.loaded);
        self.found.items = std::mem::take(&mut self.loaded.items);
        (self.loaded.item_count, self.loaded.done_count) = (0, 0);
        decided
    }
}
