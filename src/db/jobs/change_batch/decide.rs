//! Decision of one write of a batch: the new row, the steps of its version, and the answer.

use super::{
    Changes,
    row::{Row, Step},
};
use crate::{
    db::{
        WriteOutcome,
        catalog::parents::check_parents,
        events::event,
        jobs::change_job::{Change, Changed, Items, check_version},
        writer::by,
    },
    error::{Error, Result},
    lifecycle::{EventKind, version_after},
};
use entity::{job, job_event};

impl Changes<'_> {
    /// Calls the decision of the write with the current row.
    pub(super) async fn step(&mut self, i: usize, row: &mut Row) -> Result<()> {
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
}
