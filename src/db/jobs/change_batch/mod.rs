//! Changes of many jobs in one transaction: one statement reads their rows, each decision sees the
//! row as the one before left it, and few statements write all rows and events.

mod decide;
mod load;
mod row;
mod write;

use crate::{
    db::{
        Call, Tx, WriteOutcome,
        connection::errors,
        jobs::{
            change_job::{ChangeJob, Changed, Items},
            locks::there,
        },
    },
    error::{Error, Resource, Result},
};
use row::Row;
use std::collections::{BTreeMap, HashSet};

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
        Ok(WriteOutcome::of_all(this.outcomes))
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
}
