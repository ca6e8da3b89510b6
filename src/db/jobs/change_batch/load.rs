//! Reading of the jobs that a batch changes.

use super::{Changes, row::Row};
use crate::{
    db::{
        items,
        jobs::{change_job::Items, locks::locked},
        rows::{
            bulk,
            job_rows::{self, Read},
        },
    },
    error::Result,
};
use entity::job;
use sea_orm::{
    ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QueryTrait,
    sea_query::{Expr, LockType},
};
use std::collections::{BTreeMap, HashMap, HashSet};

impl Changes<'_> {
    /// Reads and locks the jobs of these writes, with the items that their decisions ask for.
    pub(super) async fn load(&mut self, writes: &[usize]) -> Result<BTreeMap<String, Row>> {
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
            (id, Row::of(job, found))
        };
        Ok(jobs.into_iter().map(row).collect())
    }
}
