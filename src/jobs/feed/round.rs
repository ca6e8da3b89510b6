//! Merging the progress of hot jobs: at most four events a second, and the last value is never lost.
//!
//! Time is cut into rounds of half a second. Of the progress of a job, a round lets the first event pass at once and tells
//! the last one at its end, unless another event of the job came behind it, which says all that it said. What is held
//! back follows from the events of the round alone, not from when they came, so a reader that is cut off in the middle of
//! a round is told the rest by any server.

use crate::lifecycle::EventKind;
use entity::job_event;
use std::{collections::HashMap, sync::Arc, time::Duration};

pub const ROUND: Duration = Duration::from_millis(500);

#[derive(Default)]
pub struct Round {
    /// The jobs whose first progress has passed, with the last one behind it.
    jobs: HashMap<String, Option<Arc<job_event::Model>>>,
}

impl Round {
    /// Whether a round begins with this event.
    pub fn begins_with(event: &job_event::Model) -> bool {
        event.kind == EventKind::Progressed.as_str()
    }

    /// The next event, in the order of the positions. True when it is told at once.
    pub fn pass(&mut self, event: &Arc<job_event::Model>) -> bool {
        let first_passed = self.jobs.get_mut(&event.job_id);
        match (Self::begins_with(event), first_passed) {
            (true, Some(last)) => {
                *last = Some(event.clone());
                false
            }
            (true, None) => {
                self.jobs.insert(event.job_id.clone(), None);
                true
            }
            (false, Some(last)) => {
                *last = None;
                true
            }
            (false, None) => true,
        }
    }

    pub fn holds_back(&self) -> bool {
        self.jobs.values().any(Option::is_some)
    }

    /// What is told at the end, in order.
    pub fn end(self) -> Vec<Arc<job_event::Model>> {
        let mut held: Vec<_> = self.jobs.into_values().flatten().collect();
        held.sort_by_key(|event| event.id);
        held
    }
}
