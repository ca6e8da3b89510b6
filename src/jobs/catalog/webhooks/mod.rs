//! Webhooks: endpoints that are sent what happens to jobs.

mod change_webhook;
mod create_webhook;
mod deliver_webhooks;
mod deliveries;
mod endpoint;
mod headers;
mod of_jobs;
mod outcome;
mod send_deliveries;

pub use change_webhook::{ReplayFrom, WebhookPatch};
pub use create_webhook::NewWebhook;
pub use deliveries::message_id;
pub use of_jobs::NewJobWebhook;
pub(in crate::jobs) use of_jobs::check_job_webhook;

use endpoint::Endpoint;

use crate::{
    error::{Error, FieldError, Resource, Result},
    jobs::{JobManager, validate::Checks},
    lifecycle::MessageKind,
    outbound::{Limits, Outbound, OutboundPolicy, Target},
};
use entity::webhook::{self, JOBS};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Maximum number of job types, and of labels, that a webhook asks for.
const MAX_CONDITIONS: usize = 16;

/// Sender of this server.
#[derive(Default)]
pub struct WebhookSender {
    outbound: OnceLock<Outbound>,
    /// Endpoints to which this server is sending, with the signal that more deliveries are due.
    busy: Mutex<HashMap<Endpoint, Arc<Notify>>>,
    /// Endpoint of a job to which this server began to send last; the next are behind it.
    last_endpoint: Mutex<String>,
    /// Kinds that the webhook of jobs is known to read; `None` if it may not be there.
    read_for_jobs: Mutex<Option<BTreeSet<String>>>,
    /// Signal that the sending to a webhook has ended.
    ended: Notify,
    /// Signal that a run has left events for the next.
    left: Notify,
    /// When this server last moved the positions of webhooks.
    moved: Mutex<HashMap<String, Duration>>,
}

impl WebhookSender {
    fn outbound(&self) -> &Outbound {
        self.outbound
            .get_or_init(|| Outbound::new(OutboundPolicy::default(), Limits::default()))
    }

    fn moved(&self) -> MutexGuard<'_, HashMap<String, Duration>> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn busy(&self) -> MutexGuard<'_, HashMap<Endpoint, Arc<Notify>>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_endpoint(&self) -> MutexGuard<'_, String> {
        let last = self.last_endpoint.lock();
        last.unwrap_or_else(PoisonError::into_inner)
    }

    fn read_for_jobs(&self) -> MutexGuard<'_, Option<BTreeSet<String>>> {
        let kinds = self.read_for_jobs.lock();
        kinds.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A webhook with how far it is behind.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub row: webhook::Model,
    /// Deliveries that wait for an attempt.
    pub waiting: u64,
    /// Positions of the history, of events of all kinds, that it has not read.
    pub behind: i64,
}

impl JobManager {
    /// Sets how webhooks are sent. Without it, only HTTPS to public addresses is allowed. Call it
    /// once, before a server starts.
    pub fn send_webhooks_by(&self, outbound: Outbound) {
        let _ = self.webhooks.outbound.set(outbound);
    }

    /// Returns the webhook with this id.
    ///
    /// Errors: `webhook_not_found`.
    pub async fn get_webhook(&self, id: &str) -> Result<Webhook> {
        let row = self.db.webhook(existing(id)?).await?;
        self.with_backlog(row).await
    }

    /// Lists the webhooks in the order of their creation: one page, and the last id of the page if
    /// more follow.
    pub async fn list_webhooks(
        &self,
        after: Option<String>,
        limit: u64,
    ) -> Result<(Vec<Webhook>, Option<String>)> {
        let mut rows = self
            .db
            .webhooks_behind(after, limit.saturating_add(1))
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let mut page = Vec::new();
        for row in rows {
            page.push(self.with_backlog(row).await?);
        }
        let last = page.last().map(|webhook: &Webhook| webhook.row.id.clone());
        Ok((page, last.filter(|_| more)))
    }

    /// Returns the webhook with how far it is behind.
    pub async fn with_backlog(&self, row: webhook::Model) -> Result<Webhook> {
        let last = crate::db::last_position(self.db.read()).await?;
        Ok(Webhook {
            waiting: self.db.waiting_deliveries(&row.id).await?,
            behind: last.saturating_sub(row.position).max(0),
            row,
        })
    }
}

/// Refuses ids that no webhook can have.
fn existing(id: &str) -> Result<&str> {
    let is_id = id == JOBS || is_id(id);
    is_id
        .then_some(id)
        .ok_or(Error::NotFound(Resource::Webhook))
}

/// Refuses ids that no webhook with a URL of its own can have.
fn with_url(id: &str) -> Result<&str> {
    if existing(id)? == JOBS {
        return Err(Error::WebhookOfJobs);
    }
    Ok(id)
}

fn is_id(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// Checks a URL; `within` is the pointer of the webhook.
fn checked_url(checks: &mut Checks, within: &str, url: &str, policy: &OutboundPolicy) {
    let pointer = format!("{within}/url");
    if let Err(why) = Target::parse(url, policy) {
        checks.fail(&pointer, "url_refused", why);
    }
    checks.no_nul(pointer, url);
}

/// Checks the kinds of messages that a webhook asks for. `known` are those that it may ask for.
fn checked_kinds(checks: &mut Checks, within: &str, kinds: &[String], known: &[MessageKind]) {
    if kinds.is_empty() {
        checks.fail(
            format!("{within}/kinds"),
            "too_few",
            "Name at least one kind, e.g. job.completed.",
        );
    }
    for (i, name) in kinds.iter().enumerate() {
        if checks.is_full() {
            break;
        }
        if !known.iter().any(|kind| kind.name == name) {
            let known: Vec<_> = known.iter().map(|kind| kind.name).collect();
            let detail = format!(
                "There is no such kind of message: use {}.",
                known.join(", ")
            );
            checks.fail(format!("{within}/kinds/{i}"), "unknown_kind", detail);
        } else if kinds[..i].contains(name) {
            let detail = "Name each kind once.";
            checks.fail(format!("{within}/kinds/{i}"), "duplicate", detail);
        }
    }
}

/// Checks the conditions for jobs.
fn checked_conditions(
    checks: &mut Checks,
    job_types: &[String],
    labels: &BTreeMap<String, String>,
) {
    for (pointer, number) in [("/job_types", job_types.len()), ("/labels", labels.len())] {
        if number > MAX_CONDITIONS {
            let detail = format!("Use at most {MAX_CONDITIONS}.");
            checks.fail(pointer, "too_many", detail);
        }
    }
    for (i, job_type) in job_types.iter().enumerate() {
        checks.job_type(format!("/job_types/{i}"), job_type);
    }
    checks.labels("/labels", labels);
}

/// Error for a machine without random bytes.
fn no_random() -> Error {
    Error::Internal("this machine has no random bytes for a secret".to_owned())
}

/// Error of a field of the body.
fn invalid(pointer: &str, code: &'static str, detail: &str) -> Error {
    Error::invalid(FieldError::at(pointer, code, detail))
}
