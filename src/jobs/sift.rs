//! Pages under a filter of which the index that leads to its jobs does not know all (a text, a second label). Each job
//! that the index leads to has to be looked at, and what is nowhere would be looked for in all of them: so a page looks at
//! so many, and the next one goes on where it stopped.

use super::{AccessPath, COUNTED, JobManager, Stretch, Total, View, page};
use crate::{db, error::Result, lifecycle::Cursor};
use entity::job;

/// Jobs that a page looks at.
pub const LOOKED_AT: u64 = 200_000;

/// The part of those that is looked at first: a page of what stands in many is full by then.
const AT_FIRST: u64 = 200;

/// The part of those that is counted first: there is enough of what stands in many.
const COUNTED_FIRST: u64 = 20;

impl JobManager {
    /// Jobs that a page looks at under a filter of which no index knows all; [`LOOKED_AT`] where this is not said.
    pub fn looking_at(self, jobs: u64) -> Self {
        Self { looked_at: jobs, ..self }
    }

    /// The rows of a page, one more than the limit when there are, and the last job that was looked at when there are more
    /// behind it.
    pub(super) async fn sifted(
        &self,
        path: &AccessPath,
        whole: Stretch,
        limit: u64,
        view: View,
    ) -> Result<(Total, Vec<job::Model>, Option<Cursor>)> {
        let (db, known) = (self.db.read(), path.known());
        let (mut rows, mut part, mut left) = (Vec::new(), whole.clone(), self.looked_at);
        let upto = loop {
            let looked_at = if left == self.looked_at { left.div_ceil(AT_FIRST) } else { left };
            left -= looked_at;
            part.upto = self.nth(&known, &Stretch { upto: None, ..part.clone() }, looked_at).await?;
            let some = page(db.get_database_backend(), path, &part, view);
            rows.extend(db::page_of_jobs(db, some, 0, limit + 1 - rows.len() as u64).await?);
            match part.upto.take() {
                Some(upto) if left > 0 && rows.len() as u64 <= limit => part.behind = Some(upto),
                upto => break upto,
            }
        };
        let found = rows.len() as u64;
        // What is looked for is looked for once: a page from the start that is not full tells how many there are.
        let total = match whole.behind.is_none() && found <= limit && !path.filter().is_kept_count() {
            true => Total { jobs: found, exact: upto.is_none() },
            false => self.total_by(path).await?,
        };
        Ok((total, rows, upto))
    }

    /// How many there are among the newest that a page looks at.
    pub(super) async fn sifted_total(&self, path: &AccessPath) -> Result<Total> {
        let (known, mut part) = (path.known(), Stretch::default());
        let first = (self.looked_at / COUNTED_FIRST).max(1);
        part.upto = self.nth(&known, &part, first).await?;
        let mut jobs = self.count_some(path, &part).await?;
        if part.upto.is_some() && jobs <= COUNTED && first < self.looked_at {
            part.upto = self.nth(&known, &Stretch::default(), self.looked_at).await?;
            jobs = self.count_some(path, &part).await?;
        }
        Ok(Total::of(jobs, part.upto.is_none()))
    }
}
