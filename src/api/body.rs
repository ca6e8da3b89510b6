//! Request bodies, validated against the published schema before they are parsed.
//!
//! poem-openapi's own parser accepts numbers as texts and null for anything, so it would accept
//! bodies that the document forbids. This module validates with the document's schema and reports
//! every error with its JSON pointer.

mod parsed_size;
mod receive;
mod shape;
mod words;

use super::{
    dto::{NewJob, NewSchedule},
    memory_limit::MemoryReservation,
    problem::{Problem, shown},
};
use crate::{
    error::{Error, FieldError},
    jobs,
    strict_json::{self, JsonError},
};
use poem::{Request, RequestBody, Result, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::{ParsePayload, Payload},
    registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry},
    types::{ParseFromJSON, Type},
};
use receive::{Received, in_turn, receive};
use serde_json::Value;
use shape::BodySchema;

/// Maximum size of a body in bytes; handlers get it through the request's data.
#[derive(Clone, Copy)]
pub struct MaxBodyBytes(pub usize);

/// A JSON body of the shape `T`.
pub struct Body<T> {
    pub value: T,
    /// Canonical JSON text of the body, for the fingerprint of an `Idempotency-Key`; only if the
    /// request has one.
    pub text: Option<String>,
    /// Reserved memory of a large body, released when the body is dropped.
    _share: Option<MemoryReservation>,
}

impl<T: Type> Payload for Body<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        let essence = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        matches!(
            essence.as_str(),
            "application/json" | "application/merge-patch+json"
        )
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON + 'static> ParsePayload for Body<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        let received = receive(request, body).await?;
        Self::read(request, received).await
    }
}

impl<T> Body<T> {
    /// Returns the value and frees everything else.
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T: ParseFromJSON + 'static> Body<T> {
    async fn read(request: &Request, received: Received) -> Result<Self> {
        let keyed = request.headers().contains_key("idempotency-key");
        if !received.is_large() {
            return Self::parse(received, keyed);
        }
        in_turn(move || Self::parse(received.reserved()?, keyed)).await
    }

    fn parse(received: Received, keyed: bool) -> Result<Self> {
        let raw = from_json(&received.bytes)?;
        // serde_json sorts members, so different spellings of the same request give the same text.
        let text = keyed.then(|| raw.to_string());
        Ok(Self {
            value: parse(raw)?,
            text,
            _share: received.share,
        })
    }
}

impl<'a, T: ParseFromJSON + 'static> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Self as Payload>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType {
            content_type: Self::CONTENT_TYPE,
            schema: <Self as Payload>::schema_ref(),
        }];
        Some(MetaRequest {
            description: None,
            content,
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        check_content_type::<Self>(request)?;
        check_content_encoding(request, &["identity"])?;
        // Boxed, so that its memory is free while the call waits.
        Box::pin(<Self as ParsePayload>::from_request(request, body)).await
    }
}

/// A [`Body`] that may also be empty, which means `{}`.
pub struct OptionalBody<T>(pub T);

impl<'a, T: ParseFromJSON + 'static> ApiExtractor<'a> for OptionalBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let meta = <Body<T> as ApiExtractor>::request_meta()?;
        Some(MetaRequest {
            required: false,
            ..meta
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        if body.is_none() {
            return Ok(Self(parse(Value::Object(Default::default()))?));
        }
        let received = receive(request, body).await?;
        if received.bytes.is_empty() {
            return Ok(Self(parse(Value::Object(Default::default()))?));
        }
        check_content_type::<Body<T>>(request)?;
        check_content_encoding(request, &["identity"])?;
        Ok(Self(Body::read(request, received).await?.value))
    }
}

fn check_content_type<P: Payload>(request: &Request) -> Result<()> {
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

fn from_json(bytes: &[u8]) -> Result<Value> {
    strict_json::read(bytes).map_err(|error| match error {
        JsonError::Malformed(error) => {
            let detail = format!("The body is not valid JSON: {error}.");
            Problem::new("malformed_body", detail).into()
        }
        JsonError::Invalid(errors) => Problem::invalid(errors).into(),
    })
}

fn parse<T: ParseFromJSON>(mut raw: Value) -> Result<T> {
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

/// Integer fields of a job to create.
const JOB_INTEGERS: [&str; 3] = ["priority", "max_attempts", "max_run_seconds"];

/// Integer fields of list elements. Other members of the elements may hold any value and must stay
/// unchanged.
const INTEGER_FIELDS: [(&str, &[&str]); 3] = [
    ("items", &["idx"]),
    ("outcomes", &["retry_after_seconds"]),
    ("jobs", &JOB_INTEGERS),
];

/// Converts numbers such as 9.0 to integers: JSON Schema accepts them as integers, the parser does
/// not.
fn whole_numbers(body: &mut Value) {
    let Value::Object(members) = body else { return };
    for (list, fields) in INTEGER_FIELDS {
        let elements = members
            .get_mut(list)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten();
        for element in elements.filter_map(Value::as_object_mut) {
            element
                .iter_mut()
                .filter(|(name, _)| fields.contains(&name.as_str()))
                .for_each(|(_, n)| whole_number(n));
        }
    }
    // The template of a schedule is a job.
    let template = members.get_mut("template").and_then(Value::as_object_mut);
    let of_template = template
        .into_iter()
        .flat_map(|template| template.iter_mut());
    of_template
        .filter(|(name, _)| JOB_INTEGERS.contains(&name.as_str()))
        .for_each(|(_, n)| whole_number(n));
    for member in members.values_mut() {
        whole_number(member);
    }
}

fn whole_number(value: &mut Value) {
    let whole = value
        .as_f64()
        .filter(|n| value.is_f64() && n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0);
    if let Some(n) = whole {
        *value = Value::from(n as i64);
    }
}
