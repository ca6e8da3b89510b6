//! The template of a schedule: the job that it creates, in the words of a create.

use crate::{
    error::{Error, FieldError, Location, Result},
    jobs::{
        NewJob, RunBy,
        create::check_new_job,
        validate::{self, Checks},
    },
    outbound::OutboundPolicy,
};
use serde_json::Value;

/// Label of every job of a schedule, with the schedule's id.
pub const LABEL: &str = "schedule";

const POINTER: &str = "/template";

/// Checks the template as a create is checked, and returns it as it is stored.
///
/// Errors: `invalid_request`, `item_conflict`.
pub fn stored(template: &NewJob, schedule_id: &str, policy: &OutboundPolicy) -> Result<Value> {
    let mut checks = Checks::default();
    if template.job_id.is_some() {
        let detail = "Leave job_id out: the schedule gives each job an id.";
        checks.fail("/template/job_id", "unknown_field", detail);
    }
    if template.run_at.is_some() {
        let detail = "Leave run_at out: the schedule says when.";
        checks.fail("/template/run_at", "unknown_field", detail);
    }
    if template.run != RunBy::Workers {
        let detail = "Leave run out: workers run the jobs of schedules.";
        checks.fail("/template/run", "unknown_field", detail);
    }
    if template.labels.contains_key(LABEL) {
        let detail = "Choose another name: the schedule puts its id into the label schedule.";
        checks.fail("/template/labels/schedule", "invalid_label", detail);
    } else if template.labels.len() >= validate::MAX_LABELS {
        let detail = "Use at most 15 labels: the schedule adds one.";
        checks.fail("/template/labels", "too_many", detail);
    }
    checks.finish()?;
    check_new_job::check(&labelled(template.clone(), schedule_id), None, policy).map_err(inside)?;
    let json = serde_json::to_value(template).map_err(|e| Error::Internal(e.to_string()))?;
    Ok(without_empty(json))
}

/// Returns the job of a stored template, as it would be created now.
///
/// Errors: a sentence, if it no longer fits.
pub fn job_of(
    stored: &Value,
    schedule_id: &str,
    policy: &OutboundPolicy,
) -> Result<NewJob, String> {
    let unfit = |why: &dyn std::fmt::Display| {
        format!("The template no longer fits: {why} Change the schedule's template.")
    };
    let read: NewJob =
        serde_json::from_value(stored.clone()).map_err(|why| unfit(&format!("{why}.")))?;
    let job = labelled(read, schedule_id);
    check_new_job::check(&job, None, policy).map_err(|why| unfit(&why))?;
    Ok(job)
}

fn labelled(mut job: NewJob, schedule_id: &str) -> NewJob {
    job.labels.insert(LABEL.to_owned(), schedule_id.to_owned());
    job
}

/// Leaves out members that say nothing.
fn without_empty(json: Value) -> Value {
    let Value::Object(members) = json else {
        return json;
    };
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    Value::Object(
        members
            .into_iter()
            .filter(|(_, value)| says(value))
            .collect(),
    )
}

/// Moves the places of errors into the template.
fn inside(error: Error) -> Error {
    let moved = |mut error: FieldError| {
        if let Location::Pointer(pointer) = &mut error.place {
            pointer.insert_str(0, POINTER);
        }
        error
    };
    match error {
        Error::Invalid(errors) => Error::Invalid(errors.into_iter().map(moved).collect()),
        Error::ItemConflict(error) => Error::ItemConflict(moved(error)),
        other => other,
    }
}
