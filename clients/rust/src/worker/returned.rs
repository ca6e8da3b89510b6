//! The end of an async function, and the outcome of the attempt that follows from it.

use super::{attempt::Interruption, failed::Failed};
use crate::lease::Outcome;
use serde::Serialize;
use serde_json::{Map, Value};
use std::any::Any;

/// How the function ended; `None` if it was dropped.
pub type Returned = Option<Result<Option<Map<String, Value>>, Failed>>;

/// Converts what the function returned into the result of a job.
pub fn returned<T: Serialize>(
    returned: Result<T, Failed>,
) -> Result<Option<Map<String, Value>>, Failed> {
    match serde_json::to_value(returned?)? {
        Value::Null => Ok(None),
        Value::Object(result) => Ok(Some(result)),
        other => Err(Failed::new(format!(
            "the function returned {}, but a result is an object, such as \
            {{\"video_path\": \"/media/film.mp4\"}}",
            kind(&other)
        ))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "an array",
        Value::String(_) => "a text",
        Value::Number(_) => "a number",
        _ => "a truth value",
    }
}

/// Converts a panic of the function into a failure.
pub fn panicked(panic: &(dyn Any + Send)) -> Failed {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    Failed::new(format!(
        "the function panicked: {}",
        text.unwrap_or("without a text")
    ))
}

/// Decides how the attempt ended.
pub fn outcome(returned: Returned, why: Option<Interruption>) -> Outcome {
    match (why, returned) {
        (Some(Interruption::Refused(why)), _) => {
            Outcome::failed(format!("a report was not taken: {why}"))
        }
        (Some(Interruption::Cancelled), _) => Outcome::Cancelled,
        (_, Some(Ok(result))) => Outcome::Completed(result),
        (Some(_), _) | (None, None) => Outcome::Released,
        (None, Some(Err(failed))) => Outcome::Failed {
            error: failed.error,
            retryable: failed.retryable,
            retry_after_seconds: failed.retry_after.map(|time| time.as_secs()),
        },
    }
}
