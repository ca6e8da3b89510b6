//! Webhooks of jobs: a URL that a create names for the messages about its job.

use super::{checked_kinds, checked_url, no_random};
use crate::{
    db::{
        JobUrl,
        write::{ProvideJobsWebhook, kinds_of},
    },
    error::{Error, Result},
    hex::hex,
    jobs::{JobManager, NewJob, validate::Checks},
    lifecycle::{Binding, DEFAULT_KINDS, MESSAGE_KINDS, MessageKind, new_secret, secret_of},
    outbound::{Outbound, OutboundPolicy, STRICT},
};
use entity::webhook;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

const POINTER: &str = "/webhook";

/// URL that is sent the messages about a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewJobWebhook {
    pub url: String,
    /// Kinds of messages; the ends of the job by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
}

impl NewJobWebhook {
    fn kinds(&self) -> Vec<String> {
        let default = || DEFAULT_KINDS.map(str::to_owned).to_vec();
        self.kinds.clone().unwrap_or_else(default)
    }

    /// Returns the column of a job whose creator is bound to this.
    pub fn column(self, binding: Option<&Binding>) -> Value {
        json!(JobUrl {
            kinds: self.kinds(),
            url: self.url,
            scope: Some(scope_of(binding)),
        })
    }
}

/// Checks the webhook of a job as one of all jobs is checked.
pub fn check_job_webhook(checks: &mut Checks, new: &NewJobWebhook, policy: &OutboundPolicy) {
    checked_url(checks, POINTER, &new.url, policy);
    if let Some(kinds) = &new.kinds {
        let of_jobs: Vec<MessageKind> = MESSAGE_KINDS
            .into_iter()
            .filter(|kind| kind.event.is_some())
            .collect();
        checked_kinds(checks, POINTER, kinds, &of_jobs);
    }
}

/// Returns the text from which, with the stored secret, the secret of callers with this binding is
/// derived. Callers without a binding have a derived secret too: with the stored one they could
/// derive all others.
fn scope_of(binding: Option<&Binding>) -> String {
    hex(&Sha256::digest(
        binding.and_then(Binding::text).unwrap_or_default(),
    ))
}

/// Returns the secret that signs the messages about jobs of callers with this binding.
///
/// Errors: `internal_error`, if the stored secret is malformed.
pub(super) fn secret_for(webhook: &webhook::Model, binding: Option<&Binding>) -> Result<String> {
    secret_of(&webhook.secret, Some(&scope_of(binding))).ok_or_else(|| {
        Error::Internal("the secret of the webhook of jobs cannot be read".to_owned())
    })
}

impl JobManager {
    /// Returns the secret that signs the messages about jobs of the caller. Callers whose keys are
    /// bound to the same have one, those without a binding another.
    pub async fn get_webhook_secret(&self) -> Result<String> {
        let webhook = self.jobs_webhook(BTreeSet::new()).await?;
        secret_for(&webhook, self.binding())
    }

    /// Makes sure that the history is read for the messages of these jobs, before they are created.
    pub(in crate::jobs) async fn provide_webhooks(
        &self,
        new: impl IntoIterator<Item = &NewJob>,
    ) -> Result<()> {
        let kinds: BTreeSet<String> = new
            .into_iter()
            .filter_map(|new| new.webhook.as_ref())
            .flat_map(NewJobWebhook::kinds)
            .collect();
        let is_read = |known: &BTreeSet<String>| kinds.is_subset(known);
        if kinds.is_empty() || self.webhooks.read_for_jobs().as_ref().is_some_and(is_read) {
            return Ok(());
        }
        self.jobs_webhook(kinds).await.map(|_| ())
    }

    /// Returns the row of the webhook of jobs. Writes only if it is not there or lacks a kind: the
    /// row is locked while its deliveries are made.
    async fn jobs_webhook(&self, kinds: BTreeSet<String>) -> Result<webhook::Model> {
        match self.db.webhook(webhook::JOBS).await {
            Ok(row) if kinds.is_subset(&kinds_of(&row)) => {
                *self.webhooks.read_for_jobs() = Some(kinds_of(&row));
                return Ok(row);
            }
            Ok(_) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        let provide = ProvideJobsWebhook {
            kinds,
            secret: new_secret().ok_or_else(no_random)?,
            now: self.now(),
        };
        let webhook = self.db.commit(provide).await?;
        *self.webhooks.read_for_jobs() = Some(kinds_of(&webhook));
        Ok(webhook)
    }

    /// Returns what the operator allows of webhooks so far: checks of jobs may come before it is
    /// set.
    pub(in crate::jobs) fn webhook_policy(&self) -> &OutboundPolicy {
        let set = self.webhooks.outbound.get();
        set.map_or(&STRICT, Outbound::policy)
    }
}
