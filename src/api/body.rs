//! Request bodies, validated against the published schema before they are parsed.
//!
//! poem-openapi's own parser accepts numbers as texts and null for anything, so it would accept
//! bodies that the document forbids. This module validates with the document's schema and reports
//! every error with its JSON pointer.

mod content;
mod inline;
mod optional;
mod parse;
mod parsed_size;
mod receive;
mod shape;
mod whole_numbers;
mod words;

pub use content::check_content_encoding;
pub use optional::OptionalBody;
pub use parse::{read_new_job, read_new_schedule};

use super::memory_limit::MemoryReservation;
use content::check_content_type;
use parse::{from_json, parse};
use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::{ParsePayload, Payload},
    registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry},
    types::{ParseFromJSON, Type},
};
use receive::{Received, in_turn, receive};

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
