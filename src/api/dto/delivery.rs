//! Deliveries of messages to webhooks.

use super::{Time, same::same};
use crate::jobs::message_id;
use entity::webhook_delivery;
use poem_openapi::{Enum, Object};

/// State of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits for an attempt.
    Pending,
    /// A server is sending it.
    Sending,
    /// The endpoint accepted it.
    Delivered,
    /// No attempt is left.
    Failed,
}

same!(webhook_delivery::DeliveryState => DeliveryState {
    Pending,
    Sending,
    Delivered,
    Failed,
});

/// A message to a webhook, with the outcome of its last attempt.
#[derive(Debug, Object)]
pub struct Delivery {
    /// Id of the delivery.
    delivery_id: i64,
    /// Id of the webhook.
    webhook_id: String,
    /// Header `webhook-id` of the message, the same in all attempts and replays.
    message_id: String,
    /// Kind of message.
    kind: String,
    /// URL that the job named; null for that of the webhook.
    url: Option<String>,
    /// Id of the job; null if the message is about none.
    job_id: Option<String>,
    /// Position of the event in the history; null if the message is about no job.
    position: Option<i64>,
    /// State of the delivery.
    state: DeliveryState,
    /// Number of attempts so far.
    attempt: i32,
    /// Time of the next attempt.
    next_at: Option<Time>,
    /// Status of the last response; null if there was none.
    status_code: Option<i32>,
    /// Why the last attempt failed.
    error: Option<String>,
    /// Milliseconds that the last attempt took.
    duration_ms: Option<i32>,
    /// First 1,000 bytes of the last response.
    response: Option<String>,
    /// Time when the delivery was made.
    created_at: Time,
    /// Time of its last change.
    updated_at: Time,
}

impl From<webhook_delivery::Model> for Delivery {
    fn from(row: webhook_delivery::Model) -> Self {
        Self {
            delivery_id: row.id,
            message_id: message_id(&row),
            webhook_id: row.webhook_id,
            kind: row.kind,
            url: row.url,
            job_id: row.job_id,
            position: row.event_id,
            state: row.state.into(),
            attempt: row.attempt,
            next_at: row.next_at.map(Into::into),
            status_code: row.status_code,
            error: row.error,
            duration_ms: row.duration_ms,
            response: row.response,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// A page of deliveries, the newest first.
#[derive(Debug, Object)]
pub struct DeliveryList {
    /// Deliveries of the page.
    pub deliveries: Vec<Delivery>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}
