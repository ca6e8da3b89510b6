//! Writing of the changed rows, items and events of a batch.

use super::{Changes, row::Row};
use crate::{
    db::{catalog::kept_lists, events::write_events, items, rows::bulk, writer::facts::JobFact},
    error::Result,
};
use entity::job;
use sea_orm::{Iterable, ModelTrait};
use std::collections::BTreeMap;

impl Changes<'_> {
    /// Writes what the decisions changed, with few statements.
    pub(super) async fn write(&self, rows: BTreeMap<String, Row>) -> Result<()> {
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
