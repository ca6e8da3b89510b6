//! update_webhook, pause_webhook, resume_webhook, rotate_webhook_secret and replay_webhook.

use super::{
    checked_conditions, checked_kinds, checked_url, existing, invalid, no_random,
    of_jobs::secret_for, with_url,
};
use crate::{
    db::{
        last_position,
        write::{ChangeWebhook, Hurry, ReplayWebhook, ResetDeliveries, SkipToEnd},
    },
    error::Result,
    jobs::{JobManager, validate::Checks},
    lifecycle::{MESSAGE_KINDS, new_secret},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::webhook::{self, WebhookState};
use serde_json::json;
use std::collections::BTreeMap;

/// Time for which the secret before a rotation signs as well.
const OLD_SECRET_FOR: TimeDelta = TimeDelta::hours(24);

/// Fields of a webhook to change; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct WebhookPatch {
    pub url: Option<String>,
    pub kinds: Option<Vec<String>>,
    /// Empty for all types.
    pub job_types: Option<Vec<String>>,
    /// Empty for all jobs.
    pub labels: Option<BTreeMap<String, String>>,
}

/// Where a replay begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayFrom {
    /// Behind this position of the history.
    Position(i64),
    /// With the first event at or after this time.
    Time(DateTime<Utc>),
}

impl JobManager {
    /// Changes a webhook. Deliveries that wait are sent to a new URL at once.
    ///
    /// Errors: `webhook_not_found`, `webhook_of_jobs`, `invalid_request`.
    pub async fn update_webhook(&self, id: &str, patch: WebhookPatch) -> Result<webhook::Model> {
        let id = with_url(id)?;
        let mut checks = Checks::default();
        if let Some(url) = &patch.url {
            checked_url(&mut checks, "", url, self.webhooks.outbound().policy());
        }
        if let Some(kinds) = &patch.kinds {
            checked_kinds(&mut checks, "", kinds, &MESSAGE_KINDS);
        }
        let (none, no_labels) = (Vec::new(), BTreeMap::new());
        checked_conditions(
            &mut checks,
            patch.job_types.as_ref().unwrap_or(&none),
            patch.labels.as_ref().unwrap_or(&no_labels),
        );
        checks.finish()?;
        self.change_webhook(id, Hurry::IfMoved, move |before, _| {
            let mut row = before.clone();
            let patch = patch.clone();
            row.url = patch.url.or(row.url);
            if row.url != before.url {
                // The new endpoint has not failed yet.
                row.failing_since = None;
            }
            row.kinds = patch.kinds.map_or(row.kinds, |kinds| json!(kinds));
            if let Some(job_types) = patch.job_types {
                row.job_types = (!job_types.is_empty()).then(|| json!(job_types));
            }
            if let Some(labels) = patch.labels {
                row.labels = (!labels.is_empty()).then(|| json!(labels));
            }
            row
        })
        .await
    }

    /// Pauses a webhook: it is sent nothing until it is resumed, and then all that happened
    /// meanwhile.
    ///
    /// Errors: `webhook_not_found`.
    pub async fn pause_webhook(&self, id: &str) -> Result<webhook::Model> {
        self.change_webhook(id, Hurry::Never, |before, _| webhook::Model {
            state: WebhookState::Paused,
            ..before.clone()
        })
        .await
    }

    /// Resumes a webhook that was paused or disabled. All deliveries that wait are due at once.
    ///
    /// Errors: `webhook_not_found`.
    pub async fn resume_webhook(&self, id: &str) -> Result<webhook::Model> {
        self.change_webhook(id, Hurry::Always, |before, _| webhook::Model {
            state: WebhookState::Active,
            reason: None,
            failing_since: None,
            ..before.clone()
        })
        .await
    }

    /// Gives a webhook a new secret. The one before signs as well for a day. The returned row is
    /// the only one with the new secret that callers get to see.
    ///
    /// Errors: `webhook_not_found`.
    pub async fn rotate_webhook_secret(&self, id: &str) -> Result<webhook::Model> {
        let secret = new_secret().ok_or_else(no_random)?;
        let rotated = self.change_webhook(id, Hurry::Never, move |before, now| webhook::Model {
            secret: secret.clone(),
            previous_secret: Some(before.secret.clone()),
            previous_secret_until: Some(now + OLD_SECRET_FOR),
            ..before.clone()
        });
        let mut row = rotated.await?;
        if row.is_of_jobs() {
            row.secret = secret_for(&row, self.binding())?;
        }
        Ok(row)
    }

    /// Sends a webhook again what came from there on, with the same message ids. Events whose
    /// history was deleted are sent only if there is a delivery of them.
    ///
    /// Errors: `webhook_not_found`, `invalid_request`.
    pub async fn replay_webhook(&self, id: &str, from: ReplayFrom) -> Result<webhook::Model> {
        let id = existing(id)?.to_owned();
        let last = last_position(self.db.read()).await?;
        let position = match from {
            ReplayFrom::Position(position) if (0..=last).contains(&position) => position,
            ReplayFrom::Position(_) => {
                let detail = format!("Use a position from 0 to {last}, the end of the history.");
                return Err(invalid("/position", "out_of_range", &detail));
            }
            ReplayFrom::Time(time) => self.db.position_before(time, last).await?,
        };
        let now = self.now();
        let webhook = self.db.commit(ReplayWebhook { id, position, now }).await?;
        let mut behind = Some(position);
        while let Some(position) = behind {
            let portion = ResetDeliveries {
                webhook_id: webhook.id.clone(),
                behind: position,
                upto: last,
                now,
            };
            behind = self.db.commit(portion).await?;
        }
        Ok(webhook)
    }

    /// Moves all webhooks to the end of the history, and gives up what waits, because the endpoints
    /// may have got it since the backup was made.
    pub(in crate::jobs) async fn skip_webhooks_to_end(&self) -> Result<u64> {
        self.db.commit(SkipToEnd).await
    }

    async fn change_webhook(
        &self,
        id: &str,
        hurry: Hurry,
        decide: impl Fn(&webhook::Model, DateTime<Utc>) -> webhook::Model + Send + Sync + 'static,
    ) -> Result<webhook::Model> {
        let clock = self.clock.clone();
        let decide = move |before: &webhook::Model| {
            let now = clock.now();
            let mut after = decide(before, now);
            if after != *before {
                after.updated_at = now;
                after.version = before.version.saturating_add(1);
            }
            Ok(after)
        };
        let write = ChangeWebhook {
            id: existing(id)?.to_owned(),
            decide: Box::new(decide),
            hurry,
            now: self.now(),
        };
        self.db.commit(write).await
    }
}
