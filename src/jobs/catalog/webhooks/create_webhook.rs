//! create_webhook and delete_webhook.

use super::{checked_conditions, checked_kinds, checked_url, no_random, with_url};
use crate::{
    db::write::{DeleteDeliveries, DeleteWebhook, InsertWebhook},
    error::Result,
    jobs::{JobManager, validate::Checks},
    lifecycle::{DEFAULT_KINDS, MESSAGE_KINDS, new_secret},
};
use entity::webhook::{self, WebhookState};
use serde_json::json;
use std::collections::BTreeMap;

/// A webhook to create.
#[derive(Clone, Debug, Default)]
pub struct NewWebhook {
    pub url: String,
    /// Kinds of messages; the ends of jobs by default.
    pub kinds: Option<Vec<String>>,
    /// Types of the jobs; empty for all.
    pub job_types: Vec<String>,
    /// Labels that the jobs have; empty for all.
    pub labels: BTreeMap<String, String>,
}

impl JobManager {
    /// Creates a webhook, which is sent what happens from now on. The returned row is the only one
    /// with the secret that callers get to see.
    ///
    /// Errors: `invalid_request`.
    pub async fn create_webhook(&self, new: NewWebhook) -> Result<webhook::Model> {
        let kinds = new
            .kinds
            .unwrap_or_else(|| DEFAULT_KINDS.map(str::to_owned).to_vec());
        let mut checks = Checks::default();
        checked_url(&mut checks, "", &new.url, self.webhooks.outbound().policy());
        checked_kinds(&mut checks, "", &kinds, &MESSAGE_KINDS);
        checked_conditions(&mut checks, &new.job_types, &new.labels);
        checks.finish()?;
        let now = self.now();
        let row = webhook::Model {
            id: self.chance.id(),
            url: Some(new.url),
            kinds: json!(kinds),
            job_types: (!new.job_types.is_empty()).then(|| json!(new.job_types)),
            labels: (!new.labels.is_empty()).then(|| json!(new.labels)),
            secret: new_secret().ok_or_else(no_random)?,
            previous_secret: None,
            previous_secret_until: None,
            // The write sets the end of the history.
            position: 0,
            state: WebhookState::Active,
            reason: None,
            failing_since: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.db.commit(InsertWebhook(row)).await
    }

    /// Deletes a webhook with its deliveries.
    ///
    /// Errors: `webhook_not_found`, `webhook_of_jobs`.
    pub async fn delete_webhook(&self, id: &str) -> Result<()> {
        let id = with_url(id)?;
        while self.db.commit(DeleteDeliveries(id.to_owned())).await? {}
        self.db.commit(DeleteWebhook(id.to_owned())).await
    }
}
