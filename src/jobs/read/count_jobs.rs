//! count_jobs: number of jobs by status, under the same filters as a list.

use crate::{
    db::{ActionScope, IndexScan},
    error::Result,
    jobs::JobManager,
    lifecycle::{Counts, Filter, KeyRange, Total},
};
use std::collections::HashMap;

impl JobManager {
    /// Counts the matching jobs by status. Reads stored counts instead of jobs if the filter names
    /// nothing but status and type.
    ///
    /// Errors: `invalid_request`, `search_too_long`.
    pub async fn count_jobs(&self, filter: &Filter) -> Result<Counts> {
        filter.check()?;
        let filter = &self.db.bound(filter);
        let mut counts = Counts::default();
        if filter.is_kept_count() {
            for (_, status, jobs) in self.db.stored_counts(filter).await? {
                counts.add(status, jobs);
            }
            return Ok(counts);
        }
        let (this, asked) = (self.clone(), filter.clone());
        self.in_turn(filter, async move {
            this.counted(&asked, &ActionScope::default()).await
        })
        .await
    }

    /// Counts the jobs that match both the filter and the scope, by status.
    pub(in crate::jobs) async fn counted(
        &self,
        filter: &Filter,
        scope: &ActionScope,
    ) -> Result<Counts> {
        let Some(path) = self.db.choose_index(filter).await? else {
            return Ok(Counts::default());
        };
        if filter.searches_text() {
            return self.sifted_counts(&path, scope).await;
        }
        self.db.counts_by_status(&path, scope).await
    }

    /// Returns the counts by status of each type that has jobs, ordered by type. Exact and cheap:
    /// the time does not depend on the number of jobs.
    pub async fn counts_by_type(&self) -> Result<Vec<(String, Counts)>> {
        let mut types: Vec<(String, Counts)> = Vec::new();
        for (job_type, status, jobs) in self.db.stored_counts(&Filter::default()).await? {
            if types.last().is_none_or(|(last, _)| *last != job_type) {
                types.push((job_type, Counts::default()));
            }
            if let Some((_, counts)) = types.last_mut() {
                counts.add(status, jobs);
            }
        }
        Ok(types)
    }

    /// Returns the counts by status of those of the given series that have jobs.
    pub async fn counts_by_series(&self, ids: Vec<String>) -> Result<HashMap<String, Counts>> {
        self.db.counts_by_series(ids).await
    }

    /// Returns the counts by status of those of the given episodes that have jobs.
    pub async fn counts_by_episode(&self, ids: Vec<String>) -> Result<HashMap<String, Counts>> {
        self.db.counts_by_episode(ids).await
    }

    /// Counts the jobs that match the filter of the path.
    pub(in crate::jobs) async fn total_by(&self, path: &IndexScan) -> Result<Total> {
        if path.filter().is_kept_count() {
            return Ok(Total {
                jobs: self.db.stored_total(path.filter()).await?,
                exact: true,
            });
        }
        if path.has_residual_filter() {
            return self.sifted_total(path).await;
        }
        let counted = self.db.count_some(path, &KeyRange::default()).await?;
        Ok(Total::of(counted, true))
    }
}
