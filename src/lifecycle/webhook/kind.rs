//! Kinds of messages to webhooks.

use crate::lifecycle::EventKind;

/// Kind of message, by the event of a job that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageKind {
    /// `None` if it is about no job.
    pub event: Option<EventKind>,
    pub name: &'static str,
}

/// Kind of a message that a person asked for, to see whether an endpoint works.
pub const TEST_KIND: &str = "webhook.test";

/// Kind of a message about times of a schedule that got no job.
pub const SKIPPED_KIND: &str = "schedule.skipped";

/// Kinds that a webhook may ask for.
pub const MESSAGE_KINDS: [MessageKind; 8] = [
    kind(EventKind::Created, "job.created"),
    kind(EventKind::Started, "job.started"),
    kind(EventKind::Progressed, "job.progressed"),
    kind(EventKind::Completed, "job.completed"),
    kind(EventKind::Failed, "job.failed"),
    kind(EventKind::RetryScheduled, "job.retry_scheduled"),
    kind(EventKind::Cancelled, "job.cancelled"),
    MessageKind {
        event: None,
        name: SKIPPED_KIND,
    },
];

/// Kinds of a webhook that names none: the ends of jobs.
pub const DEFAULT_KINDS: [&str; 3] = ["job.completed", "job.failed", "job.cancelled"];

const fn kind(event: EventKind, name: &'static str) -> MessageKind {
    MessageKind {
        event: Some(event),
        name,
    }
}

impl MessageKind {
    /// Returns the kind with this name.
    pub fn named(name: &str) -> Option<Self> {
        MESSAGE_KINDS.into_iter().find(|kind| kind.name == name)
    }

    /// Returns the kind of message about an event of this kind.
    pub fn of_event(event: &str) -> Option<Self> {
        let is_it = |kind: &Self| kind.event.is_some_and(|kind| kind.as_str() == event);
        MESSAGE_KINDS.into_iter().find(is_it)
    }
}
