//! Headers of a message.

use super::deliveries::message_id;
use crate::lifecycle::{secret_of, signature};
use chrono::{DateTime, Utc};
use entity::{webhook, webhook_delivery as delivery};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};

/// Returns the headers of a message: its type, and those of Standard Webhooks.
pub fn headers(
    webhook: &webhook::Model,
    delivery: &delivery::Model,
    now: DateTime<Utc>,
) -> Option<Vec<(HeaderName, HeaderValue)>> {
    let is_good = |until: &DateTime<Utc>| now < *until;
    let until = webhook
        .previous_secret_until
        .as_ref()
        .filter(|t| is_good(t));
    let previous = webhook
        .previous_secret
        .as_deref()
        .filter(|_| until.is_some());
    let secrets = [Some(webhook.secret.as_str()), previous];
    let of_scope = |secret| secret_of(secret, delivery.scope.as_deref());
    let secrets: Vec<String> = secrets.into_iter().flatten().filter_map(of_scope).collect();
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let id = message_id(delivery);
    let timestamp = now.timestamp();
    let signature = signature(&secrets, &id, timestamp, &delivery.body)?;
    Some(vec![
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (HeaderName::from_static("webhook-id"), id.parse().ok()?),
        (
            HeaderName::from_static("webhook-timestamp"),
            timestamp.into(),
        ),
        (
            HeaderName::from_static("webhook-signature"),
            signature.parse().ok()?,
        ),
    ])
}
