//! JSON response bodies, serialized straight to bytes; poem-openapi's own would build a tree first.
//!
//! A large body counts against the memory limit of all responses until the client has received it.
//! It is sent in pieces, so that the connection buffers only the piece that it is sending.

use super::{
    memory_limit::{MemoryReservation, RESPONSE_MEMORY},
    paging::NextPage,
    problem::Problem,
};
use bytes::Bytes;
use futures_util::{Stream, stream};
use poem::{Body, IntoResponse, Response, Result, http::header::CONTENT_LENGTH};
use poem_openapi::{
    ApiResponse,
    payload::Payload,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use serde::Serialize;
use std::{io, marker::PhantomData};

/// Size in bytes above which a response is large, and size of the pieces in which it is sent.
pub const LARGE_RESPONSE_BYTES: usize = 64 << 10;

/// A JSON response body of the shape `T`.
pub struct JsonBytes<T> {
    bytes: Bytes,
    share: Option<MemoryReservation>,
    /// Cursor of the next page, if the body is a page of a list and more follow.
    next: Option<String>,
    shape: PhantomData<fn() -> T>,
}

impl<T: Serialize> JsonBytes<T> {
    pub fn of(value: &T) -> Result<Self> {
        Self::already(to_bytes(value)?)
    }

    /// Serializes the response to a committed change. It is sent even beyond the memory limit,
    /// because the client has to learn of the change.
    pub fn of_change(value: &T) -> Result<Self> {
        Ok(Self::of_changes(to_bytes(value)?))
    }
}

impl<T: ToJSON> JsonBytes<T> {
    pub fn json(value: &T) -> Result<Self> {
        Self::already(value.to_json_string().into())
    }

    /// Serializes like [`JsonBytes::of_change`].
    pub fn json_of_change(value: &T) -> Self {
        Self::of_changes(value.to_json_string().into())
    }
}

impl<T> JsonBytes<T> {
    /// Wraps bytes that are serialized already.
    pub fn already(bytes: Bytes) -> Result<Self> {
        let mut share = RESPONSE_MEMORY.share();
        if bytes.len() > LARGE_RESPONSE_BYTES && !share.grow_to(bytes.len()) {
            return Err(no_room().into());
        }
        Ok(Self::counted(bytes, share))
    }

    pub fn of_changes(bytes: Bytes) -> Self {
        let mut share = RESPONSE_MEMORY.share();
        if bytes.len() > LARGE_RESPONSE_BYTES {
            share.take(bytes.len());
        }
        Self::counted(bytes, share)
    }

    /// Wraps bytes that their share already counts.
    pub fn counted(bytes: Bytes, share: MemoryReservation) -> Self {
        let share = (bytes.len() > LARGE_RESPONSE_BYTES).then_some(share);
        Self {
            bytes,
            share,
            next: None,
            shape: PhantomData,
        }
    }

    /// Sets the cursor of the next page, whose address the response then has in `Link`.
    pub fn followed_by(self, next: Option<String>) -> Self {
        Self { next, ..self }
    }

    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }
}

fn to_bytes(value: &impl Serialize) -> Result<Bytes> {
    let written =
        serde_json::to_vec(value).map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(written.into())
}

/// Returns the problem for a response that exceeds the memory limit.
pub fn no_room() -> Problem {
    Problem::new(
        "overloaded",
        "Too many large responses are being sent: try again in a moment, or request fewer rows \
        with limit.",
    )
}

/// Returns the bytes in pieces; dropping the stream releases their share.
pub fn pieces(
    bytes: Bytes,
    share: MemoryReservation,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold((bytes, share), |(mut bytes, share)| async move {
        let piece = bytes.split_to(LARGE_RESPONSE_BYTES.min(bytes.len()));
        (!piece.is_empty()).then_some((Ok(piece), (bytes, share)))
    })
}

impl<T: Type> Payload for JsonBytes<T> {
    const CONTENT_TYPE: &'static str = "application/json; charset=utf-8";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> IntoResponse for JsonBytes<T> {
    fn into_response(self) -> Response {
        let response = Response::builder().content_type(Self::CONTENT_TYPE);
        let mut response = match self.share {
            None => response.body(self.bytes),
            Some(share) => response
                .header(CONTENT_LENGTH, self.bytes.len())
                .body(Body::from_bytes_stream(pieces(self.bytes, share))),
        };
        if let Some(next) = self.next {
            response.set_data(NextPage(next));
        }
        response
    }
}

impl<T: Type> ApiResponse for JsonBytes<T> {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType {
            content_type: Self::CONTENT_TYPE,
            schema: Self::schema_ref(),
        }];
        let response = MetaResponse {
            description: "",
            status: Some(200),
            status_range: None,
            content,
            headers: vec![],
        };
        MetaResponses {
            responses: vec![response],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}
