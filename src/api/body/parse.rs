//! Bodies parsed into their shapes, held to their schemas first.

use super::{shape::BodySchema, whole_numbers::whole_numbers};
use crate::{
    api::{
        dto::{NewJob, NewSchedule},
        problem::Problem,
    },
    error::{Error, FieldError},
    jobs,
    strict_json::{self, JsonError},
};
use poem::Result;
use poem_openapi::types::ParseFromJSON;
use serde_json::Value;

/// Reads a body as JSON.
pub fn from_json(bytes: &[u8]) -> Result<Value> {
    strict_json::read(bytes).map_err(|error| match error {
        JsonError::Malformed(error) => {
            let detail = format!("The body is not valid JSON: {error}.");
            Problem::new("malformed_body", detail).into()
        }
        JsonError::Invalid(errors) => Problem::invalid(errors).into(),
    })
}

/// Checks the body against the schema of the shape, and converts it.
pub fn parse<T: ParseFromJSON>(mut raw: Value) -> Result<T> {
    whole_numbers(&mut raw);
    let errors = BodySchema::of::<T>()?.errors(&raw);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors).into());
    }
    T::parse_from_json(Some(raw)).map_err(|error| {
        let why = error.into_message();
        let error = FieldError::at(
            "",
            "invalid",
            format!("The body cannot be read: {}.", why.trim_end_matches('.')),
        );
        Problem::invalid(vec![error]).into()
    })
}

/// Reads a job to create from JSON, as the API reads it from a body.
pub fn read_new_job(fields: Value) -> Result<jobs::NewJob, Error> {
    parse::<NewJob>(fields).map(Into::into).map_err(wrong)
}

/// Reads a schedule to create from JSON, as the API reads it from a body.
pub fn read_new_schedule(fields: Value) -> Result<jobs::NewSchedule, Error> {
    parse::<NewSchedule>(fields).map(Into::into).map_err(wrong)
}

fn wrong(error: poem::Error) -> Error {
    let problem = error.downcast_ref::<Problem>();
    match problem.filter(|problem| !problem.errors.is_empty()) {
        Some(problem) => Error::Invalid(problem.errors.clone()),
        None => Error::Internal(error.to_string()),
    }
}
