//! `webhooks`: endpoints that are sent the events of the history.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// Id of the row that stands for the URLs that jobs name. It has the secret that signs their
/// messages, and one position for all of them.
pub const JOBS: &str = "jobs";

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum WebhookState {
    #[sea_orm(string_value = "active")]
    Active,
    /// A person stopped it.
    #[sea_orm(string_value = "paused")]
    Paused,
    /// The server stopped it, for the reason in `reason`.
    #[sea_orm(string_value = "disabled")]
    Disabled,
}

#[derive(Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhooks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Null for the URLs of jobs.
    pub url: Option<String>,
    /// Kinds of messages that it is sent, such as `job.completed`.
    #[sea_orm(column_type = "JsonBinary")]
    pub kinds: Json,
    /// Types of the jobs that it is sent events of; null for all.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub job_types: Option<Json>,
    /// Labels that these jobs have; null for all jobs.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub labels: Option<Json>,
    /// `whsec_` and the base64 of the bytes that sign.
    pub secret: String,
    /// Secret before the last rotation, which signs as well for a while.
    pub previous_secret: Option<String>,
    pub previous_secret_until: Option<DateTimeUtc>,
    /// Position in the history up to which its deliveries are made.
    pub position: i64,
    pub state: WebhookState,
    /// Why the server disabled it.
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// Time of the first failure since the last success.
    pub failing_since: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// +1 at each change by a caller.
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns whether it stands for the URLs that jobs name.
    pub fn is_of_jobs(&self) -> bool {
        self.id == JOBS
    }
}

/// Leaves out the secrets, and the URL, whose query may hold one.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("kinds", &self.kinds)
            .field("position", &self.position)
            .field("state", &self.state)
            .field("reason", &self.reason)
            .field("failing_since", &self.failing_since)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
