//! Type and encoding of a body, as its headers name them.

use crate::api::problem::{Problem, shown};
use poem::{Request, Result, http::header};
use poem_openapi::payload::Payload;

/// Refuses a body that is no JSON.
pub fn check_content_type<P: Payload>(request: &Request) -> Result<()> {
    match request.content_type() {
        Some(given) if P::check_content_type(given) => Ok(()),
        given => {
            let given = given.unwrap_or("none");
            let detail = format!(
                "Send the body as JSON, with Content-Type: application/json; it came with {}.",
                shown(given)
            );
            Err(Problem::new("media_type_unsupported", detail).into())
        }
    }
}

/// Refuses a body whose bytes this call could not read; the header `Accept-Encoding` of the problem
/// has those that it can (RFC 9110, 15.5.16).
pub fn check_content_encoding(request: &Request, taken: &[&str]) -> Result<()> {
    let values = request.headers().get_all(header::CONTENT_ENCODING).iter();
    let given = values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|coding| String::from_utf8_lossy(coding).trim().to_ascii_lowercase());
    let other: Vec<_> = given
        .filter(|coding| !coding.is_empty() && !taken.contains(&coding.as_str()))
        .collect();
    if other.is_empty() {
        return Ok(());
    }
    let packed: Vec<_> = taken
        .iter()
        .filter(|coding| **coding != "identity")
        .copied()
        .collect();
    let cure = match packed[..] {
        [] => "send it without one.".to_owned(),
        _ => format!("send it without one, or with {}.", packed.join(" or ")),
    };
    let detail = format!(
        "The body came with Content-Encoding: {}; {cure}",
        shown(&other.join(", "))
    );
    let taken = taken.join(", ");
    Err(Problem {
        header: Some((header::ACCEPT_ENCODING, taken)),
        ..Problem::new("content_encoding_unsupported", detail)
    }
    .into())
}
