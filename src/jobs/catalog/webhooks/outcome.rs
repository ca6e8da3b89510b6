//! What an attempt means for its delivery and its webhook.

use crate::{
    lifecycle::{ENDPOINT_GRACE, retry_delay, retry_time},
    outbound::Answer,
};
use chrono::{DateTime, Utc};
use entity::{
    webhook::{self, WebhookState},
    webhook_delivery::{self as delivery, DeliveryState},
};
use std::time::Duration;

/// Status by which an endpoint says that it wants nothing any more.
const GONE: u16 = 410;

/// An attempt that has ended.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub ended_at: DateTime<Utc>,
    pub took: Duration,
    /// Response, or why there is none.
    pub answer: Result<Answer, String>,
    /// Number in 0.0..1.0 that varies the delay before the next attempt.
    pub jitter: f64,
}

impl Attempt {
    /// Returns whether the endpoint accepted the message.
    pub fn succeeded(&self) -> bool {
        matches!(&self.answer, Ok(answer) if (200..300).contains(&answer.status))
    }

    /// Adds what happened to the delivery, without what follows from it.
    pub fn noted(&self, before: &delivery::Model) -> delivery::Model {
        let answer = self.answer.as_ref().ok();
        delivery::Model {
            attempt: before.attempt.saturating_add(1),
            status_code: answer.map(|answer| answer.status.into()),
            error: self.error(),
            duration_ms: Some(i32::try_from(self.took.as_millis()).unwrap_or(i32::MAX)),
            // PostgreSQL stores no U+0000.
            response: answer.map(|a| String::from_utf8_lossy(&a.body).replace('\0', "\u{fffd}")),
            updated_at: self.ended_at,
            ..before.clone()
        }
    }

    fn error(&self) -> Option<String> {
        match &self.answer {
            Err(why) => Some(why.replace('\0', "\u{fffd}")),
            Ok(_) if self.succeeded() => None,
            Ok(answer) if (300..400).contains(&answer.status) => Some(format!(
                "The endpoint answered with a redirect ({}), which is not followed: use its new URL.",
                answer.status
            )),
            Ok(answer) => Some(format!("The endpoint answered {}.", answer.status)),
        }
    }

    /// Returns webhook and delivery as they are after the attempt.
    pub fn outcome(
        &self,
        webhook: &webhook::Model,
        delivery: &delivery::Model,
    ) -> (webhook::Model, delivery::Model) {
        let (mut webhook, mut delivery) = (webhook.clone(), self.noted(delivery));
        let now = self.ended_at;
        if self.succeeded() {
            webhook.failing_since = None;
            delivery.state = DeliveryState::Delivered;
            delivery.next_at = None;
            delivery.failing_since = None;
            return (webhook, delivery);
        }
        let failing_since = *webhook.failing_since.get_or_insert(now);
        let first_failure = *delivery.failing_since.get_or_insert(now);
        // Five days without an attempt, while no server ran, say nothing about the endpoint.
        let is_last = retry_delay(delivery.attempt, 0.0).is_none();
        let answer = self.answer.as_ref().ok();
        if answer.is_some_and(|answer| answer.status == GONE) {
            disable(
                &mut webhook,
                "The endpoint answered 410: it wants no more messages.",
                now,
            );
        } else if now - failing_since >= ENDPOINT_GRACE && is_last {
            let why = format!(
                "Nothing but failures for five days. The last: {}",
                delivery.error.as_deref().unwrap_or_default()
            );
            disable(&mut webhook, &why, now);
        }
        // While the endpoint accepts nothing at all, the fault is not in this message.
        let is_away = failing_since <= first_failure;
        if !is_last || is_away {
            let retry_after = answer.and_then(|answer| answer.retry_after.as_deref());
            delivery.state = DeliveryState::Pending;
            delivery.next_at = Some(retry_time(delivery.attempt, retry_after, now, self.jitter));
        } else {
            delivery.state = DeliveryState::Failed;
            delivery.next_at = None;
        }
        (webhook, delivery)
    }

    /// Returns a delivery to a URL that a job named as it is after the attempt. Nothing is known of
    /// the endpoint as a whole: each message has its own attempts.
    pub fn at_url_of_job(&self, delivery: &delivery::Model) -> delivery::Model {
        let mut delivery = self.noted(delivery);
        let now = self.ended_at;
        let answer = self.answer.as_ref().ok();
        let is_gone = answer.is_some_and(|answer| answer.status == GONE);
        if self.succeeded() {
            delivery.state = DeliveryState::Delivered;
            delivery.next_at = None;
            delivery.failing_since = None;
        } else if is_gone || retry_delay(delivery.attempt, 0.0).is_none() {
            delivery.state = DeliveryState::Failed;
            delivery.next_at = None;
        } else {
            let retry_after = answer.and_then(|answer| answer.retry_after.as_deref());
            delivery.failing_since.get_or_insert(now);
            delivery.state = DeliveryState::Pending;
            delivery.next_at = Some(retry_time(delivery.attempt, retry_after, now, self.jitter));
        }
        delivery
    }

    /// Returns the delivery after an attempt at a URL that is the webhook's no more: a failure says
    /// nothing about the new one, which is tried at once.
    pub fn at_old_url(&self, delivery: &delivery::Model) -> delivery::Model {
        let mut delivery = self.noted(delivery);
        delivery.failing_since = None;
        if self.succeeded() {
            delivery.state = DeliveryState::Delivered;
            delivery.next_at = None;
        } else {
            delivery.state = DeliveryState::Pending;
            delivery.next_at = Some(self.ended_at);
        }
        delivery
    }
}

fn disable(webhook: &mut webhook::Model, reason: &str, now: DateTime<Utc>) {
    if webhook.state == WebhookState::Active {
        webhook.state = WebhookState::Disabled;
        webhook.reason = Some(reason.to_owned());
        webhook.updated_at = now;
    }
}
