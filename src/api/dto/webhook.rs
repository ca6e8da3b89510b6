//! Webhooks in requests and responses.

mod input;

pub use input::{NewWebhook, ReplayWebhook, WebhookPatch};

use super::{Time, same::same};
use crate::jobs;
use entity::webhook;
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

same!(webhook::WebhookState => WebhookState {
    Active,
    Paused,
    Disabled,
});

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

/// Reads a JSON column that the server wrote; what another program put there counts as empty.
fn read<T: serde::de::DeserializeOwned + Default>(value: Option<Value>) -> T {
    value
        .and_then(|value| serde_json::from_value(value).ok())
        .unwrap_or_default()
}
