//! Final check of a record from any source: its rows must satisfy the rules of the API. A job that
//! no call could have created would break the lists and claims of its type.

use super::reject::{Reason, Reject};
use crate::{
    db::write::ImportedJob,
    error::{Error, FieldError, Location},
    jobs::{check_rows, cut_times},
};

/// Checks the record and returns it with its times truncated to microseconds.
pub fn held(mut record: ImportedJob) -> Result<ImportedJob, Reject> {
    cut_times(&mut record);
    match check_rows(&record) {
        Ok(()) => Ok(record),
        Err(error) => Err(Reject::new(
            reason(&error),
            format!("This record is not a valid job: {error}"),
        )),
    }
}

/// Reason of the reject, derived from the first invalid field.
fn reason(error: &Error) -> Reason {
    let Error::Invalid(errors) = error else {
        return Reason::WrongType;
    };
    let place = |field: &FieldError| match &field.place {
        Location::Pointer(place) | Location::Parameter(place) => place.clone(),
    };
    match errors.first().map(place).unwrap_or_default().as_str() {
        "/job_id" => Reason::BadId,
        "/job_type" => Reason::BadJobType,
        place if place.ends_with("_at") || place.ends_with("_since") => Reason::BadTime,
        _ => Reason::WrongType,
    }
}
