//! Throttling of progress events: at most four a second for each job, and the last value is never
//! lost.
//!
//! Time is divided into rounds of half a second. In a round, the first progress event of a job
//! passes at once, and the last one follows at the end of the round, unless another event of the
//! job came behind it, which contains the same values. The held-back events depend on the events of
//! the round alone, not on their timing, so any server can send the rest to a client that was
//! disconnected in the middle of a round.

use crate::lifecycle::EventKind;
use entity::job_event;
use std::{collections::HashMap, sync::Arc, time::Duration};

pub const THROTTLE_WINDOW: Duration = Duration::from_millis(500);

#[derive(Default)]
pub struct ThrottleWindow {
    /// Jobs whose first progress event has passed, with the last progress event behind it.
    jobs: HashMap<String, Option<Arc<job_event::Model>>>,
}

impl ThrottleWindow {
    /// Returns whether this event begins a round.
    pub fn begins_with(event: &job_event::Model) -> bool {
        event.kind == EventKind::Progressed.as_str()
    }

    /// Takes the next event, in the order of positions. Returns true if the event passes at once.
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

    /// Returns the held-back events at the end of the round, in order.
    pub fn end(self) -> Vec<Arc<job_event::Model>> {
        let mut held: Vec<_> = self.jobs.into_values().flatten().collect();
        held.sort_by_key(|event| event.id);
        held
    }
}
