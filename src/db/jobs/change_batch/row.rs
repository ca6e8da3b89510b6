//! Job that a batch changes: its row as it was read and as it is now, and the steps between.

use crate::{
    db::{
        items::FoundItems,
        jobs::change_job::{Change, Decide, Loaded},
    },
    error::Result,
};
use entity::{job, job_event, job_item};

/// Job that is being changed.
pub(super) struct Row {
    /// Row as it was read; `None` until something has changed it.
    pub(super) read: Option<job::Model>,
    /// Current row, without the items: only a decision that asks for items sees them.
    pub(super) loaded: Loaded,
    pub(super) found: FoundItems,
    pub(super) steps: Vec<Step>,
    /// Whether there is something to write, even if the version stays.
    pub(super) touched: bool,
    pub(super) items: Vec<job_item::Model>,
}

/// Step of the version, with its event.
pub(super) struct Step {
    pub(super) event: job_event::Model,
    pub(super) merges: bool,
    /// Indexes of the writes that are answered with the step, and whether each changed something.
    pub(super) writes: Vec<(usize, bool)>,
}

impl Row {
    /// Returns a job that nothing has changed, with the items that decisions ask for.
    pub(super) fn of(job: job::Model, found: FoundItems) -> Self {
        let loaded = Loaded {
            job,
            items: Vec::new(),
            item_count: 0,
            done_count: 0,
        };
        Self {
            read: None,
            loaded,
            found,
            steps: Vec::new(),
            touched: false,
            items: Vec::new(),
        }
    }

    /// Calls a decision that asks for items.
    pub(super) fn with_items(&mut self, decide: &Decide) -> Result<Option<Change>> {
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
