//! Webhooks and their deliveries in requests and responses.

use super::Time;
use crate::{
    error::{Error, FieldError},
    jobs::{self, ReplayFrom, message_id},
};
use chrono::{DateTime, Utc};
use entity::{webhook, webhook_delivery};
use poem_openapi::{Enum, Object};
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether a webhook is sent messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum WebhookState {
    /// It is sent messages.
    Active,
    /// Someone paused it.
    Paused,
    /// The server disabled it: its endpoint answered 410, or failed for five days.
    Disabled,
}

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

/// A webhook to create.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewWebhook {
    /// URL of the endpoint: `https://`, and a public address, unless the operator allows others.
    #[oai(validator(min_length = 1, max_length = 2048))]
    pub url: String,
    /// Kinds of messages: `job.created`, `job.started`, `job.progressed`, `job.completed`,
    /// `job.failed`, `job.retry_scheduled`, `job.cancelled`, `schedule.skipped`. By default those
    /// of the ends of jobs: `job.completed`, `job.failed` and `job.cancelled`.
    #[oai(validator(min_items = 1, max_items = 20))]
    pub kinds: Option<Vec<String>>,
    /// Types of the jobs; all by default.
    #[oai(validator(max_items = 16))]
    pub job_types: Option<Vec<String>>,
    /// Labels that the jobs have; none by default.
    #[oai(validator(max_properties = 16))]
    pub labels: Option<BTreeMap<String, String>>,
}

/// Fields of a webhook to change. A missing field keeps its value.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct WebhookPatch {
    /// URL of the endpoint.
    #[oai(validator(min_length = 1, max_length = 2048))]
    pub url: Option<String>,
    /// Kinds of messages.
    #[oai(validator(min_items = 1, max_items = 20))]
    pub kinds: Option<Vec<String>>,
    /// Types of the jobs; an empty list for all.
    #[oai(validator(max_items = 16))]
    pub job_types: Option<Vec<String>>,
    /// Labels that the jobs have; an empty object for all jobs.
    #[oai(validator(max_properties = 16))]
    pub labels: Option<BTreeMap<String, String>>,
}

/// Where a replay begins: one of the two.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ReplayWebhook {
    /// Position in the history of all jobs, behind which the replay begins.
    #[oai(validator(minimum(value = "0")))]
    pub position: Option<i64>,
    /// Time of the first event of the replay.
    pub since: Option<DateTime<Utc>>,
}

/// An endpoint that is sent what happens to jobs.
#[derive(Debug, Object)]
pub struct Webhook {
    /// Id of the webhook; `jobs` for the one that stands for the URLs that jobs name.
    webhook_id: String,
    /// URL of the endpoint; null for `jobs`.
    url: Option<String>,
    /// Kinds of messages.
    kinds: Vec<String>,
    /// Types of the jobs; empty for all.
    job_types: Vec<String>,
    /// Labels that the jobs have; empty for all jobs.
    labels: BTreeMap<String, String>,
    /// Whether it is sent messages.
    state: WebhookState,
    /// Why the server disabled it.
    reason: Option<String>,
    /// Time of the first failure since the last success.
    failing_since: Option<Time>,
    /// Position in the history up to which its deliveries are made.
    position: i64,
    /// Number of positions in the history behind that one.
    behind: i64,
    /// Number of deliveries that wait for an attempt.
    waiting: u64,
    /// Secret that signs the messages, in the answers that create the webhook or rotate its secret;
    /// null in all others.
    secret: Option<String>,
    /// Time until which the secret before the last rotation signs as well.
    previous_secret_until: Option<Time>,
    /// Time when the webhook was created.
    created_at: Time,
    /// Time of its last change.
    updated_at: Time,
    /// Number that grows by one with each change by a caller.
    version: i64,
}

/// Secret that signs the messages about jobs.
#[derive(Debug, Object)]
pub struct WebhookSecret {
    /// Secret of Standard Webhooks, with the prefix `whsec_`.
    pub secret: String,
}

/// A page of webhooks, in the order of their creation.
#[derive(Debug, Object)]
pub struct WebhookList {
    /// Webhooks of the page.
    pub webhooks: Vec<Webhook>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

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

impl From<NewWebhook> for jobs::NewWebhook {
    fn from(new: NewWebhook) -> Self {
        Self {
            url: new.url,
            kinds: new.kinds,
            job_types: new.job_types.unwrap_or_default(),
            labels: new.labels.unwrap_or_default(),
        }
    }
}

impl From<WebhookPatch> for jobs::WebhookPatch {
    fn from(patch: WebhookPatch) -> Self {
        Self {
            url: patch.url,
            kinds: patch.kinds,
            job_types: patch.job_types,
            labels: patch.labels,
        }
    }
}

impl TryFrom<ReplayWebhook> for ReplayFrom {
    type Error = Error;

    fn try_from(from: ReplayWebhook) -> Result<Self, Error> {
        match (from.position, from.since) {
            (Some(position), None) => Ok(Self::Position(position)),
            (None, Some(time)) => Ok(Self::Time(time)),
            _ => Err(Error::invalid(FieldError::at(
                "",
                "one_of",
                "Say where the replay begins: with position or with since, not with both.",
            ))),
        }
    }
}

impl Webhook {
    /// Shows the secret, which only the answer to a creation or a rotation may do.
    pub fn with_secret(webhook: jobs::Webhook) -> Self {
        let secret = Some(webhook.row.secret.clone());
        Self {
            secret,
            ..webhook.into()
        }
    }
}

impl From<jobs::Webhook> for Webhook {
    fn from(webhook: jobs::Webhook) -> Self {
        let jobs::Webhook {
            row,
            waiting,
            behind,
        } = webhook;
        Self {
            webhook_id: row.id,
            url: row.url,
            kinds: read(Some(row.kinds)),
            job_types: read(row.job_types),
            labels: read(row.labels),
            state: row.state.into(),
            reason: row.reason,
            failing_since: row.failing_since.map(Into::into),
            position: row.position,
            behind,
            waiting,
            secret: None,
            previous_secret_until: row.previous_secret_until.map(Into::into),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
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

/// Reads a JSON column that the server wrote; what another program put there counts as empty.
fn read<T: serde::de::DeserializeOwned + Default>(value: Option<Value>) -> T {
    value
        .and_then(|value| serde_json::from_value(value).ok())
        .unwrap_or_default()
}

impl From<webhook::WebhookState> for WebhookState {
    fn from(state: webhook::WebhookState) -> Self {
        match state {
            webhook::WebhookState::Active => Self::Active,
            webhook::WebhookState::Paused => Self::Paused,
            webhook::WebhookState::Disabled => Self::Disabled,
        }
    }
}

impl From<webhook_delivery::DeliveryState> for DeliveryState {
    fn from(state: webhook_delivery::DeliveryState) -> Self {
        match state {
            webhook_delivery::DeliveryState::Pending => Self::Pending,
            webhook_delivery::DeliveryState::Sending => Self::Sending,
            webhook_delivery::DeliveryState::Delivered => Self::Delivered,
            webhook_delivery::DeliveryState::Failed => Self::Failed,
        }
    }
}
