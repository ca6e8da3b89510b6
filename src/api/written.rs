//! Bodies of answers, written straight to bytes: poem-openapi's own would make a tree of each first.
//!
//! A large one counts against the memory that all answers may take together, until its reader has
//! taken it, and goes out in pieces: the connection holds none of it but the piece that it sends.

use super::{
    problem::Problem,
    room::{ANSWERS, Share},
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

/// Bytes from which on an answer is large, and of the pieces in which it goes out.
pub const LARGE: usize = 64 << 10;

/// A JSON body of the shape `T`.
pub struct Written<T> {
    bytes: Bytes,
    share: Option<Share>,
    shape: PhantomData<fn() -> T>,
}

impl<T: Serialize> Written<T> {
    pub fn of(value: &T) -> Result<Self> {
        Self::already(to_bytes(value)?)
    }

    /// What came of a change that was made: it is told, however much is being sent already.
    pub fn of_change(value: &T) -> Result<Self> {
        Ok(Self::of_changes(to_bytes(value)?))
    }
}

impl<T: ToJSON> Written<T> {
    pub fn json(value: &T) -> Result<Self> {
        Self::already(value.to_json_string().into())
    }

    /// As [`Written::of_change`].
    pub fn json_of_change(value: &T) -> Self {
        Self::of_changes(value.to_json_string().into())
    }
}

impl<T> Written<T> {
    /// Was written before.
    pub fn already(bytes: Bytes) -> Result<Self> {
        let mut share = ANSWERS.share();
        if bytes.len() > LARGE && !share.grow_to(bytes.len()) {
            return Err(no_room().into());
        }
        Ok(Self::counted(bytes, share))
    }

    fn of_changes(bytes: Bytes) -> Self {
        let mut share = ANSWERS.share();
        if bytes.len() > LARGE {
            share.take(bytes.len());
        }
        Self::counted(bytes, share)
    }

    /// Counts in the share already.
    pub fn counted(bytes: Bytes, share: Share) -> Self {
        let share = (bytes.len() > LARGE).then_some(share);
        Self { bytes, share, shape: PhantomData }
    }

    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }
}

fn to_bytes(value: &impl Serialize) -> Result<Bytes> {
    let written = serde_json::to_vec(value).map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(written.into())
}

/// Other answers take all the room that there is.
pub fn no_room() -> Problem {
    Problem::new("overloaded", "Too many large answers are being sent: try again in a moment, or ask for less.")
}

/// The bytes piece by piece; their share is given back with the last one.
pub fn pieces(bytes: Bytes, share: Share) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold((bytes, share), |(mut bytes, share)| async move {
        let piece = bytes.split_to(LARGE.min(bytes.len()));
        (!piece.is_empty()).then_some((Ok(piece), (bytes, share)))
    })
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
        let response = Response::builder().content_type(Self::CONTENT_TYPE);
        match self.share {
            None => response.body(self.bytes),
            Some(share) => response
                .header(CONTENT_LENGTH, self.bytes.len())
                .body(Body::from_bytes_stream(pieces(self.bytes, share))),
        }
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
