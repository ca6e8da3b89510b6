//! Receiving and parsing of bodies: large ones count against the memory limit of all bodies, and
//! are parsed outside the threads that serve requests.

use crate::api::{
    body::{
        MaxBodyBytes,
        parsed_size::{MAX_PARSED_BYTES, parsed_size},
    },
    memory_limit::{MemoryReservation, REQUEST_MEMORY},
    problem::Problem,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use poem::{Request, RequestBody, Result, error::ReadBodyError, http::header};
use std::{
    io,
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};

/// Size in bytes above which a body is large.
pub const LARGE_BODY_BYTES: usize = 64 << 10;

/// Maximum time that a large body waits for its turn to be parsed.
const PARSE_WAIT: Duration = Duration::from_secs(10);

/// Permits for parsing large bodies, one per processor.
static PARSE_PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(2, |n| n.get());
    Arc::new(Semaphore::new(processors))
});

/// The bytes of a body, and the memory reserved for them if it is large.
pub struct Received {
    pub bytes: Bytes,
    pub share: Option<MemoryReservation>,
}

impl Received {
    pub fn is_large(&self) -> bool {
        self.bytes.len() > LARGE_BODY_BYTES
    }

    /// Reserves memory for the parsed body: half of the estimate, since not all of it is in memory
    /// at the same time as that of others.
    ///
    /// Errors: `body_too_large`, `overloaded`.
    pub fn reserved(mut self) -> Result<Self> {
        let size = parsed_size(&self.bytes);
        if size > MAX_PARSED_BYTES {
            let detail = format!(
                "The body has so many objects that they would take more than {} MiB of memory: \
                send fewer, or pass the data as one text or in a file.",
                MAX_PARSED_BYTES >> 20
            );
            return Err(Problem::new("body_too_large", detail).into());
        }
        let share = self.share.get_or_insert_with(|| REQUEST_MEMORY.share());
        if share.grow_to((size / 2).max(self.bytes.len())) {
            Ok(self)
        } else {
            Err(no_room().into())
        }
    }
}

pub async fn receive(request: &Request, body: &mut RequestBody) -> Result<Received> {
    let limit = request
        .data::<MaxBodyBytes>()
        .map_or(usize::MAX, |limit| limit.0);
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    match length {
        Some(length) if length > limit => Err(too_large(limit).into()),
        Some(length) if length <= LARGE_BODY_BYTES => {
            match body.take()?.into_bytes_limit(limit).await {
                Ok(bytes) => Ok(Received { bytes, share: None }),
                Err(ReadBodyError::PayloadTooLarge) => Err(too_large(limit).into()),
                Err(ReadBodyError::Io(error)) => Err(Problem::broken_body(&error).into()),
                Err(error) => Err(Problem::broken_body(&io::Error::other(error)).into()),
            }
        }
        _ => receive_large(body, limit).await,
    }
}

/// Reserves memory as the bytes arrive, so that a client that announces a large body and sends
/// nothing reserves none.
async fn receive_large(body: &mut RequestBody, limit: usize) -> Result<Received> {
    let mut stream = Box::pin(body.take()?.into_bytes_stream());
    let (mut bytes, mut share) = (BytesMut::new(), REQUEST_MEMORY.share());
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| Problem::broken_body(&error))?;
        let size = bytes.len() + piece.len();
        if size > limit {
            return Err(too_large(limit).into());
        }
        if size > LARGE_BODY_BYTES && !share.grow_to(size) {
            return Err(no_room().into());
        }
        bytes.extend_from_slice(&piece);
    }
    let share = (bytes.len() > LARGE_BODY_BYTES).then_some(share);
    Ok(Received {
        bytes: bytes.freeze(),
        share,
    })
}

/// Parses a large body on a blocking thread when it has a permit. The permit lasts until parsing
/// ends, even if the client has disconnected, because the thread goes on.
pub async fn in_turn<T: Send + 'static>(
    look: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let turn = timeout(PARSE_WAIT, PARSE_PERMITS.clone().acquire_owned())
        .await
        .map_err(|_| no_room())?;
    let looking = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        look()
    });
    looking
        .await
        .map_err(|error| Problem::internal(&format!("a body could not be parsed: {error}")))?
}

fn too_large(limit: usize) -> Problem {
    let detail = format!(
        "The body is larger than {limit} bytes: send less, or start the server with a larger \
        --max-body-bytes."
    );
    Problem::new("body_too_large", detail)
}

fn no_room() -> Problem {
    Problem::new(
        "overloaded",
        "Too many large bodies are being read: try again in a moment.",
    )
}
