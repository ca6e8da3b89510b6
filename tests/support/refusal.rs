//! Helpers that inspect errors.

use callsheet::error::{Error, Location, Result};

/// Returns the error of a call that has to fail with `code`.
#[track_caller]
pub fn refusal<T>(outcome: Result<T>, code: &str) -> Error {
    match outcome {
        Ok(_) => panic!("the call succeeded; it has to be refused with {code}"),
        Err(error) => {
            assert_eq!(error.code(), code, "{error}");
            error
        }
    }
}

/// Returns `ok`, or the code of the error.
pub fn code_of<T>(outcome: &Result<T>) -> &'static str {
    outcome.as_ref().map_or_else(Error::code, |_| "ok")
}

/// Returns `POINTER CODE` for each field of an `invalid_request`, in order.
pub fn pointers(error: &Error) -> Vec<String> {
    places(error, |place| match place {
        Location::Pointer(pointer) => Some(pointer.clone()),
        Location::Parameter(_) => None,
    })
}

/// Returns `PARAMETER CODE` for each parameter of an `invalid_request`, in order.
pub fn parameters(error: &Error) -> Vec<String> {
    places(error, |place| match place {
        Location::Parameter(name) => Some(name.clone()),
        Location::Pointer(_) => None,
    })
}

fn places(error: &Error, name: impl Fn(&Location) -> Option<String>) -> Vec<String> {
    let Error::Invalid(fields) = error else {
        panic!("{error} is not about fields")
    };
    fields
        .iter()
        .filter_map(|field| name(&field.place).map(|name| format!("{name} {}", field.code)))
        .collect()
}
