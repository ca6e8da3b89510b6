//! Checks of the fields of a job to create.

use crate::{
    error::{Error, FieldError, Result},
    jobs::{
        catalog::webhooks::check_job_webhook,
        create::{
            idempotency::Idempotency,
            new_job::{NewItem, NewJob},
        },
        validate::{self, MAX_ITEMS},
    },
    outbound::OutboundPolicy,
};
use std::collections::HashSet;

/// Checks the fields of a job as `create_job` does, without a database.
///
/// Errors: `invalid_request`, `item_conflict`.
pub fn check_new_job(new: &NewJob) -> Result<()> {
    check(new, None, &OutboundPolicy::default())
}

pub(in crate::jobs) fn check(
    new: &NewJob,
    idempotency: Option<&Idempotency>,
    policy: &OutboundPolicy,
) -> Result<()> {
    let mut checks = validate::Checks::default();
    checks.job_type("/job_type", &new.job_type);
    if let Some(id) = &new.job_id {
        checks.id("/job_id", id);
    }
    checks.text("/mode", new.mode.as_deref(), validate::MAX_MODE_CHARS);
    checks.text("/content", new.content.as_deref(), usize::MAX);
    checks.text(
        "/user_requirement",
        new.user_requirement.as_deref(),
        usize::MAX,
    );
    checks.text("/style", new.style.as_deref(), validate::MAX_SHORT_CHARS);
    checks.text(
        "/project_title",
        new.project_title.as_deref(),
        validate::MAX_SHORT_CHARS,
    );
    checks.object("/request_data", new.request_data.as_ref());
    checks.object("/context", new.context.as_ref());
    checks.text(
        "/working_dir",
        new.working_dir.as_deref(),
        validate::MAX_DIR_CHARS,
    );
    checks.text(
        "/episode_id",
        new.episode_id.as_deref(),
        validate::MAX_PARENT_ID_CHARS,
    );
    checks.text(
        "/series_id",
        new.series_id.as_deref(),
        validate::MAX_PARENT_ID_CHARS,
    );
    checks.range(
        "/priority",
        Some(new.priority),
        validate::MIN_PRIORITY,
        validate::MAX_PRIORITY,
    );
    checks.time("/run_at", new.run_at);
    checks.range("/max_attempts", new.max_attempts, 1, validate::MAX_ATTEMPTS);
    checks.range(
        "/max_run_seconds",
        new.max_run_seconds,
        1,
        validate::MAX_RUN_SECONDS,
    );
    checks.labels("/labels", &new.labels);
    if let Some(webhook) = &new.webhook {
        check_job_webhook(&mut checks, webhook, policy);
    }
    check_items(&mut checks, &new.items);
    if let Some(client) = &new.client_id {
        checks.name("/client_id", client, validate::MAX_WORKER_ID_CHARS);
    }
    checks.finish()?;
    let mut keys = HashSet::new();
    if let Some(i) = new.items.iter().position(|item| !keys.insert(&item.key)) {
        let detail = "Two items have this key: give each item a different key.";
        return Err(Error::ItemConflict(FieldError::at(
            format!("/items/{i}/key"),
            "duplicate_key",
            detail,
        )));
    }
    idempotency.map_or(Ok(()), Idempotency::check)
}

fn check_items(checks: &mut validate::Checks, items: &[NewItem]) {
    if items.len() > MAX_ITEMS {
        checks.fail(
            "/items",
            "too_many",
            format!(
                "A job can have at most {MAX_ITEMS} items; this one has {}.",
                items.len()
            ),
        );
        return;
    }
    for (i, item) in items.iter().enumerate() {
        if checks.is_full() {
            break;
        }
        checks.name(
            format_args!("/items/{i}/key"),
            &item.key,
            validate::MAX_KEY_CHARS,
        );
        if let Some(input) = &item.input {
            checks.json(format_args!("/items/{i}/input"), input);
        }
    }
}
