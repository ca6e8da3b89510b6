//! What a webhook asks for.

use super::of_jobs::{kinds_of, names_url};
use crate::lifecycle::{EventKind, MessageKind};
use entity::{job_event, webhook};
use sea_orm::{ColumnTrait, Condition, prelude::Json};

/// Returns the condition for events that the webhook may be sent: their kinds, and of the webhook
/// of jobs that the job names a URL.
pub(super) fn asked_for(webhook: &webhook::Model) -> Condition {
    let names = kinds_of(webhook);
    let kinds = names
        .iter()
        .filter_map(|name| MessageKind::named(name)?.event)
        .map(EventKind::as_str);
    Condition::all()
        .add(job_event::Column::Kind.is_in(kinds))
        .add_option(webhook.is_of_jobs().then(names_url))
}

/// Returns whether a webhook asks for jobs of this type with these labels.
pub(super) fn asks_for_job(
    webhook: &webhook::Model,
    job_type: Option<&str>,
    labels: Option<&Json>,
) -> bool {
    let of_type = webhook.job_types.as_ref().is_none_or(|types| {
        let types = types.as_array().into_iter().flatten();
        let mut names = types.filter_map(Json::as_str);
        names.any(|name| job_type == Some(name))
    });
    let has_labels = webhook.labels.as_ref().is_none_or(|wanted| {
        let mut wanted = wanted.as_object().into_iter().flatten();
        wanted.all(|(name, value)| labels.is_some_and(|labels| labels.get(name) == Some(value)))
    });
    of_type && has_labels
}
