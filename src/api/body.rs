//! The request body, held to the published schema before it is read.
//!
//! poem-openapi's own reader takes numbers for texts and nulls for anything, so that what is accepted is not what the
//! document says. Here the document decides, and every deviation is told with its JSON pointer.

use super::{problem::Problem, spec};
use crate::{
    error::FieldError,
    jobs::{MAX_ITEMS, escape},
};
use bytes::Bytes;
use jsonschema::{
    ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use poem::{Request, RequestBody, Result, error::ReadBodyError};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::{ParsePayload, Payload},
    registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry},
    types::{ParseFromJSON, Type},
};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

/// Errors that one answer tells of.
const MOST_ERRORS: usize = 50;

/// Largest body that is read, in bytes; handed to the reader through the request's data.
#[derive(Clone, Copy)]
pub struct Limit(pub usize);

/// A JSON body of the shape `T`.
pub struct Body<T> {
    pub value: T,
    /// The body as it came, for the fingerprint of an idempotency key.
    pub raw: Bytes,
}

impl<T: Type> Payload for Body<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(essence.as_str(), "application/json" | "application/merge-patch+json")
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON> ParsePayload for Body<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        let raw = read(request, body).await?;
        Ok(Self { value: parse(from_json(&raw)?)?, raw })
    }
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Self as Payload>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: Self::CONTENT_TYPE, schema: <Self as Payload>::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        check_content_type::<Self>(request)?;
        <Self as ParsePayload>::from_request(request, body).await
    }
}

/// As [`Body`], but nothing at all may be sent as well, which is the same as `{}`.
pub struct OptionalBody<T>(pub T);

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for OptionalBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let meta = <Body<T> as ApiExtractor>::request_meta()?;
        Some(MetaRequest { required: false, ..meta })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        if body.is_none() {
            return Ok(Self(parse(Value::Object(Default::default()))?));
        }
        let bytes = read(request, body).await?;
        if bytes.is_empty() {
            return Ok(Self(parse(Value::Object(Default::default()))?));
        }
        check_content_type::<Body<T>>(request)?;
        Ok(Self(parse(from_json(&bytes)?)?))
    }
}

fn check_content_type<P: Payload>(request: &Request) -> Result<()> {
    match request.content_type() {
        Some(given) if P::check_content_type(given) => Ok(()),
        given => {
            let given = given.map_or("none".to_owned(), |g| g.to_owned());
            let detail = format!("Send the body as JSON, with Content-Type: application/json; it came with {given}.");
            Err(Problem::new("media_type_unsupported", detail).into())
        }
    }
}

async fn read(request: &Request, body: &mut RequestBody) -> Result<Bytes> {
    let limit = request.data::<Limit>().map_or(usize::MAX, |l| l.0);
    match body.take()?.into_bytes_limit(limit).await {
        Ok(bytes) => Ok(bytes),
        Err(ReadBodyError::PayloadTooLarge) => {
            let detail = format!(
                "The body is larger than {limit} bytes: send less, or start the server with a larger --max-body-bytes."
            );
            Err(Problem::new("body_too_large", detail).into())
        }
        Err(ReadBodyError::Io(error)) => Err(Problem::broken_body(&error).into()),
        Err(error) => Err(Problem::new("malformed_body", format!("The body broke off: {error}.")).into()),
    }
}

fn from_json(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!("The body is not valid JSON: {error}.");
        Problem::new("malformed_body", detail).into()
    })
}

fn parse<T: ParseFromJSON>(mut raw: Value) -> Result<T> {
    whole_numbers(&mut raw);
    not_too_long(&raw)?;
    let validator = validator::<T>()?;
    // Saying yes costs less than looking for every reason to say no.
    if !validator.is_valid(&raw) {
        let errors = validator.iter_errors(&raw).flat_map(|e| field_errors(&e)).take(MOST_ERRORS).collect();
        return Err(Problem::invalid(errors).into());
    }
    T::parse_from_json(Some(raw)).map_err(|error| {
        let error = FieldError::at("", "invalid", format!("The body cannot be read: {}.", error.into_message()));
        Problem::invalid(vec![error]).into()
    })
}

/// A list that is far too long is not looked at element by element: telling what is wrong with each of half a million
/// would cost more than anything that is accepted.
fn not_too_long(raw: &Value) -> Result<()> {
    let long =
        |(name, value): (&String, &Value)| value.as_array().filter(|a| a.len() > MAX_ITEMS).map(|_| name.clone());
    match raw.as_object().into_iter().flatten().find_map(long) {
        Some(name) => {
            let detail = format!("Give at most {MAX_ITEMS} of these.");
            Err(Problem::invalid(vec![FieldError::at(format!("/{}", escape(&name)), "too_many", detail)]).into())
        }
        None => Ok(()),
    }
}

/// The integers in the elements of lists; other members of theirs may be anything, and stay as they are.
const WHOLE_NUMBERS: [(&str, &[&str]); 3] =
    [("items", &["idx"]), ("outcomes", &["retry_after_seconds"]), ("jobs", &["priority", "max_attempts"])];

/// JSON Schema counts 9.0 among the integers, the reader of integers does not.
fn whole_numbers(body: &mut Value) {
    let Value::Object(members) = body else { return };
    for (list, fields) in WHOLE_NUMBERS {
        let elements = members.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for element in elements.filter_map(Value::as_object_mut) {
            element.iter_mut().filter(|(name, _)| fields.contains(&name.as_str())).for_each(|(_, n)| whole_number(n));
        }
    }
    for member in members.values_mut() {
        whole_number(member);
    }
}

fn whole_number(value: &mut Value) {
    let whole = value.as_f64().filter(|n| value.is_f64() && n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0);
    if let Some(n) = whole {
        *value = Value::from(n as i64);
    }
}

/// The validator of a schema of the published document, made at first use.
fn validator<T: Type>() -> Result<Arc<Validator>> {
    static MADE: LazyLock<RwLock<HashMap<String, Arc<Validator>>>> = LazyLock::new(Default::default);
    let MetaSchemaRef::Reference(name) = T::schema_ref() else {
        return Err(Problem::internal("the body's schema has no name").into());
    };
    if let Some(made) = MADE.read().unwrap_or_else(PoisonError::into_inner).get(&name) {
        return Ok(made.clone());
    }
    let schema = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{name}"),
        "components": spec::document()["components"],
    });
    let made = jsonschema::options().should_validate_formats(true).build(&schema);
    let made = Arc::new(made.map_err(|e| Problem::internal(&format!("the schema of {name} is wrong: {e}")))?);
    MADE.write().unwrap_or_else(PoisonError::into_inner).insert(name, made.clone());
    Ok(made)
}

fn field_errors(error: &ValidationError) -> Vec<FieldError> {
    let pointer = error.instance_path().to_string();
    let at = |code, detail: String| vec![FieldError::at(pointer.clone(), code, detail)];
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let unknown = |name: &String| {
                FieldError::at(
                    format!("{pointer}/{}", escape(name)),
                    "unknown_field",
                    "There is no such field: take it out.",
                )
            };
            unexpected.iter().map(unknown).collect()
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![FieldError::at(format!("{pointer}/{}", escape(name)), "required", "This field has to be given.")]
        }
        Kind::Type { kind } => {
            let wanted: Vec<String> = match kind {
                TypeKind::Single(one) => vec![one.to_string()],
                TypeKind::Multiple(set) => set.iter().map(|one| one.to_string()).collect(),
            };
            let wanted: Vec<_> = wanted.iter().filter(|w| *w != "null").map(|w| word_for(w)).collect();
            at("wrong_type", format!("Give this as {}.", wanted.join(" or ")))
        }
        Kind::MaxLength { limit } => at("too_long", format!("Use at most {limit} characters.")),
        Kind::MinLength { limit } => at("too_short", format!("Use at least {limit} characters.")),
        Kind::Maximum { limit } => at("out_of_range", format!("Use a number of at most {}.", plain(limit))),
        Kind::Minimum { limit } => at("out_of_range", format!("Use a number of at least {}.", plain(limit))),
        Kind::MaxItems { limit } => at("too_many", format!("Give at most {limit} of these.")),
        Kind::MinItems { limit } => at("too_few", format!("Give at least {limit} of these.")),
        Kind::UniqueItems => at("duplicate_key", "The same item stands here twice: give each its own key.".to_owned()),
        Kind::MaxProperties { limit } => at("too_many", format!("Give at most {limit} of these.")),
        Kind::MinProperties { limit } => at("too_few", format!("Give at least {limit} of these.")),
        Kind::Enum { options } => at("unknown_value", format!("Use one of {options}.")),
        Kind::AnyOf { .. } if pointer.contains("/items/") => {
            at("nothing_given", "Name the item by its key or idx.".to_owned())
        }
        Kind::AnyOf { .. } => at("nothing_given", "Say something: one of two fields has to be given.".to_owned()),
        Kind::Pattern { pattern } if pattern.starts_with(r"^[^\u0000") => {
            at("nul_character", "Take the control characters out, NUL (U+0000) first of all.".to_owned())
        }
        Kind::PropertyNames { error } => at("invalid_name", format!("A name here breaks its form: {error}.")),
        Kind::Pattern { pattern } => at("invalid_format", format!("Use a text of the form {pattern}.")),
        Kind::Format { format } => at("invalid_format", format!("Use a {format}, e.g. {}.", example_of(format))),
        other => at("invalid", format!("This breaks the rule {} of the schema.", other.keyword())),
    }
}

fn word_for(kind: &str) -> &'static str {
    match kind {
        "array" => "a list",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "object" => "an object",
        _ => "a text",
    }
}

/// 100 rather than 100.0.
fn plain(limit: &Value) -> String {
    limit.to_string().trim_end_matches(".0").to_owned()
}

fn example_of(format: &str) -> &'static str {
    match format {
        "date-time" => "2026-01-31T12:00:00Z",
        _ => "as in the document",
    }
}
