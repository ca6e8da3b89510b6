//! `webhook_deliveries`: messages to webhooks, with the outcome of the last attempt of each.

use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum DeliveryState {
    /// It waits for an attempt.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// A server is sending it. If that server falls silent, another one does after `next_at`.
    #[sea_orm(string_value = "sending")]
    Sending,
    #[sea_orm(string_value = "delivered")]
    Delivered,
    /// No attempt is left.
    #[sea_orm(string_value = "failed")]
    Failed,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub webhook_id: String,
    /// Position of the event in the history; null for a test.
    pub event_id: Option<i64>,
    pub job_id: Option<String>,
    pub kind: String,
    /// URL that the job named; null for that of the webhook.
    pub url: Option<String>,
    /// Scheme, host and port of that URL; empty for the webhook's. What is sent to one endpoint
    /// holds up no other.
    pub endpoint: String,
    /// Which secret signs the message of a job; null for the webhook's own.
    pub scope: Option<String>,
    /// Message as it is sent, in JSON.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempt: i32,
    /// Time of the event.
    pub event_at: DateTimeUtc,
    /// When a server sends it: for one that is being sent, the end of its lease.
    pub next_at: Option<DateTimeUtc>,
    /// Time of its first failure.
    pub failing_since: Option<DateTimeUtc>,
    /// Status of the last response.
    pub status_code: Option<i32>,
    /// Why the last attempt failed.
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    /// Milliseconds that the last attempt took.
    pub duration_ms: Option<i32>,
    /// First bytes of the last response.
    #[sea_orm(column_type = "Text", nullable)]
    pub response: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
