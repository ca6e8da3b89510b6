//! Messages about times of a schedule that got no job. They belong to no job, and so to no event of
//! the history: the transaction that decides the times makes the deliveries.

use super::{asked::asks_for_job, message::text, of_jobs::kinds_of, plan::are_many_waiting};
use crate::{
    db::{Readable, Tx},
    error::Result,
    lifecycle::SKIPPED_KIND,
};
use chrono::{DateTime, Utc};
use entity::{
    schedule, webhook,
    webhook_delivery::{self as delivery, DeliveryState},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    EntityTrait, QueryOrder,
};
use serde_json::{Value, json};

/// Maximum characters of an error in a message.
const MAX_ERROR_CHARS: usize = 1000;

/// Times of a schedule that got no job, decided together.
pub struct Skipped {
    pub times: i64,
    /// Last time that was decided with them.
    pub last: DateTime<Utc>,
    pub reason: SkipReason,
    pub now: DateTime<Utc>,
}

/// Why the last of the times got no job.
pub enum SkipReason {
    /// No server ran at the time, or it was too late.
    Missed,
    /// The job of the time before had not ended.
    Overlap,
    /// The job could not be created.
    Failed(String),
}

/// Makes a delivery for each webhook that asks for it. One with very many waiting deliveries gets
/// none.
pub(in crate::db) async fn deliver_skipped(
    tx: &Tx,
    row: &schedule::Model,
    skipped: &Skipped,
) -> Result<()> {
    let webhooks = webhook::Entity::find().order_by_asc(webhook::Column::Id);
    let labels = labels_of(row);
    let job_type = row.template["job_type"].as_str();
    for webhook in webhooks.rows(tx).await? {
        let asks = kinds_of(&webhook).contains(SKIPPED_KIND)
            && asks_for_job(&webhook, job_type, Some(&labels));
        if !asks || are_many_waiting(tx, &webhook.id).await? {
            continue;
        }
        let new = delivery::ActiveModel {
            id: NotSet,
            webhook_id: Set(webhook.id),
            kind: Set(SKIPPED_KIND.to_owned()),
            endpoint: Set(String::new()),
            body: Set(message(row, skipped)),
            state: Set(DeliveryState::Pending),
            attempt: Set(0),
            event_at: Set(skipped.now),
            next_at: Set(Some(skipped.now)),
            created_at: Set(skipped.now),
            updated_at: Set(skipped.now),
            ..Default::default()
        };
        new.insert(tx).await?;
    }
    Ok(())
}

/// Returns the labels that the job would have had.
fn labels_of(row: &schedule::Model) -> Value {
    let mut labels = row.template["labels"].clone();
    if !labels.is_object() {
        labels = json!({});
    }
    labels["schedule"] = row.id.as_str().into();
    labels
}

fn message(row: &schedule::Model, skipped: &Skipped) -> String {
    let (reason, error) = match &skipped.reason {
        SkipReason::Missed => ("missed", None),
        SkipReason::Overlap => ("overlap", None),
        SkipReason::Failed(why) => ("failed", Some(why)),
    };
    let error = error.map(|why| why.chars().take(MAX_ERROR_CHARS).collect::<String>());
    json!({
        "type": SKIPPED_KIND,
        "timestamp": text(skipped.now),
        "data": {
            "schedule": {
                "schedule_id": row.id, "job_type": row.template["job_type"],
                "overlap": row.overlap, "missed": row.missed, "fired": row.fired,
                "skipped": row.skipped, "last_job_id": row.last_job_id,
                "next_at": row.next_at.map(text),
            },
            "skipped": {
                "times": skipped.times, "last_at": text(skipped.last), "reason": reason,
                "error": error,
            },
        },
    })
    .to_string()
}
