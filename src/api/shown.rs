//! Answers of the API as JSON, for commands that work in the database itself: they print the same
//! there as from afar.

use super::dto::{Delivery, Schedule, ScheduleTimes, Webhook};
use crate::jobs;
use entity::{schedule, webhook_delivery};
use poem_openapi::types::ToJSON;
use serde_json::Value;

pub fn webhook(webhook: jobs::Webhook) -> Value {
    json(&Webhook::from(webhook))
}

pub fn webhook_with_secret(webhook: jobs::Webhook) -> Value {
    json(&Webhook::with_secret(webhook))
}

pub fn delivery(row: webhook_delivery::Model) -> Value {
    json(&Delivery::from(row))
}

pub fn schedule(row: schedule::Model) -> Value {
    json(&Schedule::from(row))
}

pub fn schedule_times(preview: jobs::SchedulePreview) -> Value {
    json(&ScheduleTimes::from(preview))
}

fn json(answer: &impl ToJSON) -> Value {
    answer.to_json().unwrap_or_default()
}
