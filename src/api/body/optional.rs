//! Bodies that may be empty.

use super::{
    Body,
    content::{check_content_encoding, check_content_type},
    parse::parse,
    receive::receive,
};
use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaRequest, Registry},
    types::ParseFromJSON,
};
use serde_json::Value;

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
