//! Choice of the shortest access path of a filter. The database's planner cannot choose: SQLite has
//! no statistics unless somebody collects them, and assumes that as many jobs are running as ever
//! existed.

use crate::{
    db::{Database, IndexScan},
    error::Result,
    lifecycle::{Filter, KeyRange, MAX_COUNTED},
};

impl Database {
    /// Returns the filter with the binding of the caller.
    pub fn bound(&self, filter: &Filter) -> Filter {
        let binding = self.caller().map(|caller| &caller.binding);
        binding.map_or_else(|| filter.clone(), |binding| filter.clone().within(binding))
    }

    /// Returns the access path of the jobs that the filter matches and that there are for the
    /// caller: the one with the fewest jobs, or `None` if there is certainly no matching
    /// job.
    pub async fn choose_index(&self, filter: &Filter) -> Result<Option<IndexScan>> {
        let filter = &self.bound(filter);
        if filter.is_contradictory() {
            return Ok(None);
        }
        let mut paths = IndexScan::all(filter);
        if paths.len() < 2 {
            return Ok(paths.pop());
        }
        let counted = Filter {
            status: filter.status,
            job_type: filter.job_type.clone(),
            job_types: filter.job_types.clone(),
            ..Filter::default()
        };
        if counted != Filter::default() && self.stored_total(&counted).await? == 0 {
            return Ok(None);
        }
        let mut shortest = None;
        for path in paths {
            let length = self.estimate(&path.known()).await?;
            if shortest.as_ref().is_none_or(|(least, _)| length < *least) {
                shortest = Some((length, path));
            }
        }
        Ok(shortest
            .filter(|(length, _)| *length > 0)
            .map(|(_, path)| path))
    }

    /// Returns the estimated number of jobs that the path leads to; `u64::MAX` if there are more
    /// than [`MAX_COUNTED`] and no stored count covers them.
    async fn estimate(&self, known: &IndexScan) -> Result<u64> {
        let Filter {
            status, job_type, ..
        } = known.filter();
        if status.is_some() || job_type.is_some() {
            let whole = Filter {
                status: *status,
                job_type: job_type.clone(),
                ..Filter::default()
            };
            return self.stored_total(&whole).await;
        }
        let jobs = self.count_some(known, &KeyRange::default()).await?;
        Ok(if jobs > MAX_COUNTED { u64::MAX } else { jobs })
    }
}
