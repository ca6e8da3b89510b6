//! Pages under a filter that no index knows all of (a mode, a text). Each job that the rest of it lets through has to be
//! looked at, and what is nowhere would be looked for in all of them: so a page looks at so many, and the next one goes on
//! where it stopped.

use super::{
    COUNTED, Filter, JobManager, Order, PageAfter, Total, View,
    list_jobs::{page, up_to},
};
use crate::{db, error::Result, lifecycle::Cursor};
use entity::job;

/// Jobs that a page looks at.
pub const LOOKED_AT: u64 = 200_000;

/// The part of those that is looked at first: a page of what stands in many is full by then.
const AT_FIRST: u64 = 200;

impl JobManager {
    /// Jobs that a page looks at under a filter that no index knows all of; [`LOOKED_AT`] where this is not said.
    pub fn looking_at(self, jobs: u64) -> Self {
        Self { looked_at: jobs, ..self }
    }

    /// The rows of a page, one more than the limit when there are, and the last row that was looked at when there are more
    /// behind it. `known` is what of the filter an index knows.
    pub(super) async fn sifted(
        &self,
        filter: &Filter,
        known: &Filter,
        order: Order,
        after: PageAfter,
        limit: u64,
        view: View,
    ) -> Result<(Total, Vec<job::Model>, Option<Cursor>)> {
        let db = self.db.read();
        let (mut rows, mut place, mut left) = (Vec::new(), after.clone(), self.looked_at);
        let upto = loop {
            let looked_at = if left == self.looked_at { left.div_ceil(AT_FIRST) } else { left };
            left -= looked_at;
            let upto = self.nth_row(known, order, &place, looked_at).await?;
            let some = page(db.get_database_backend(), filter, order, &place, limit + 1 - rows.len() as u64, view);
            let some = upto.iter().fold(some, |some, upto| up_to(some, filter, order, upto));
            rows.extend(db::jobs_of(db, some).await?);
            match upto {
                Some(upto) if left > 0 && rows.len() as u64 <= limit => place = PageAfter::Cursor(upto),
                upto => break upto,
            }
        };
        let found = rows.len() as u64;
        // What is looked for is looked for once: a page from the start that is not full tells how many there are.
        let total = match after == PageAfter::Start && found <= limit {
            true => Total { jobs: found, exact: upto.is_none() },
            false => self.total(filter).await?,
        };
        Ok((total, rows, upto))
    }

    /// How many there are among the newest that a page looks at.
    pub(super) async fn sifted_total(&self, filter: &Filter, known: &Filter) -> Result<Total> {
        // Of what stands in many there are enough among the first.
        let first = (self.looked_at / 20).max(1);
        let mut last = self.nth_row(known, Order::NewestFirst, &PageAfter::Start, first).await?;
        let mut jobs = self.count_some(filter, last.as_ref()).await?;
        if last.is_some() && jobs <= COUNTED && first < self.looked_at {
            last = self.nth_row(known, Order::NewestFirst, &PageAfter::Start, self.looked_at).await?;
            jobs = self.count_some(filter, last.as_ref()).await?;
        }
        Ok(Total::of(jobs, last.is_none()))
    }
}
