//! Application of a patch to the row of a job.

use crate::{
    error::Result,
    jobs::{control::job_patch::JobPatch, create::new_job::labels_json, validate},
    lifecycle::{merge_patch, percent},
};
use entity::job;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Sets the fields of the row that the patch names.
///
/// Errors: `invalid_request`, for labels that are too many together.
pub(super) fn apply(job: &mut job::Model, patch: &JobPatch) -> Result<()> {
    set(&mut job.mode, &patch.mode);
    set(&mut job.content, &patch.content);
    set(&mut job.user_requirement, &patch.user_requirement);
    set(&mut job.style, &patch.style);
    set(&mut job.project_title, &patch.project_title);
    set(&mut job.current_stage, &patch.current_stage);
    set(&mut job.working_dir, &patch.working_dir);
    set(&mut job.error_message, &patch.error);
    set(&mut job.episode_id, &patch.episode_id);
    set(&mut job.series_id, &patch.series_id);
    set(
        &mut job.run_at,
        &patch.run_at.map(|t| t.map(validate::micros)),
    );
    merge(&mut job.request_data, &patch.request_data);
    merge(&mut job.context, &patch.context);
    one_path(&mut job.result_data, &patch.result);
    merge(&mut job.result_data, &patch.result);
    job.progress = patch.progress.unwrap_or(job.progress);
    job.total_shots = patch.total_shots.unwrap_or(job.total_shots);
    job.completed_shots = patch.completed_shots.unwrap_or(job.completed_shots);
    if patch.progress.is_none() && patch.has_counts() && job.total_shots > 0 {
        job.progress = percent(job.completed_shots, job.total_shots);
    }
    job.priority = patch.priority.unwrap_or(job.priority);
    job.max_attempts = patch.max_attempts.unwrap_or(job.max_attempts);
    set(&mut job.max_run_seconds, &patch.max_run_seconds);
    if let Some(labels) = &patch.labels {
        job.labels = merged_labels(job.labels.take(), labels.as_ref())?;
    }
    Ok(())
}

/// Treats `video_path` and `final_video_path` as one field: a patch of one of them must not leave
/// an old value in the other.
fn one_path(result: &mut Option<Value>, patch: &Option<Option<Map<String, Value>>>) {
    let (Some(Value::Object(members)), Some(Some(patch))) = (result, patch) else {
        return;
    };
    for (one, other) in [
        ("video_path", "final_video_path"),
        ("final_video_path", "video_path"),
    ] {
        if patch.contains_key(one) && !patch.contains_key(other) {
            members.remove(other);
        }
    }
}

fn set<T: Clone>(field: &mut Option<T>, patch: &Option<Option<T>>) {
    if let Some(value) = patch {
        field.clone_from(value);
    }
}

fn merge(field: &mut Option<Value>, patch: &Option<Option<Map<String, Value>>>) {
    match patch {
        None => {}
        Some(None) => *field = None,
        Some(Some(members)) => {
            let mut merged = field.take().unwrap_or(Value::Null);
            merge_patch(&mut merged, &Value::Object(members.clone()));
            *field = Some(merged);
        }
    }
}

fn merged_labels(
    before: Option<Value>,
    patch: Option<&BTreeMap<String, Option<String>>>,
) -> Result<Option<Value>> {
    let Some(patch) = patch else { return Ok(None) };
    let mut labels: BTreeMap<String, String> = before
        .and_then(|labels| serde_json::from_value(labels).ok())
        .unwrap_or_default();
    for (key, value) in patch {
        match value {
            Some(value) => labels.insert(key.clone(), value.clone()),
            None => labels.remove(key),
        };
    }
    let mut checks = validate::Checks::default();
    checks.labels("/labels", &labels);
    checks.finish()?;
    Ok(labels_json(labels))
}
