//! Bodies of answers, written straight to bytes: poem-openapi's own would make a tree of each first.

use super::problem::Problem;
use bytes::Bytes;
use poem::{IntoResponse, Response, Result};
use poem_openapi::{
    ApiResponse,
    payload::Payload,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;
use std::marker::PhantomData;

/// A JSON body of the shape `T`.
pub struct Written<T> {
    bytes: Bytes,
    shape: PhantomData<fn() -> T>,
}

impl<T: Serialize> Written<T> {
    pub fn of(value: &T) -> Result<Self> {
        match serde_json::to_vec(value) {
            Ok(bytes) => Ok(Self::already(bytes.into())),
            Err(error) => Err(Problem::internal(&error.to_string()).into()),
        }
    }

    /// Was written before.
    pub fn already(bytes: Bytes) -> Self {
        Self { bytes, shape: PhantomData }
    }

    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }
}

impl<T: Type> Payload for Written<T> {
    const CONTENT_TYPE: &'static str = "application/json; charset=utf-8";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> IntoResponse for Written<T> {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(self.bytes)
    }
}

impl<T: Type> ApiResponse for Written<T> {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: Self::CONTENT_TYPE, schema: Self::schema_ref() }];
        let response =
            MetaResponse { description: "", status: Some(200), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}
