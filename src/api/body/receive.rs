//! How the bytes of a body come in, and where they are looked at: what is large counts against
//! the memory that all bodies may take together, and is read off the threads that answer calls.

use crate::api::{body::Limit, problem::Problem};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use poem::{Request, RequestBody, Result, error::ReadBodyError, http::header};
use std::{
    io,
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Bytes from which on a body is large.
pub const LARGE: usize = 64 << 10;

/// Bytes that the large bodies of all calls may take together, in KiB.
const ALL_KIB: usize = 128 << 10;

/// How long a large body waits until it is looked at.
const TURN: Duration = Duration::from_secs(10);

static ROOM: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(ALL_KIB)));

/// Large bodies that are looked at at once: no more than there are processors.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(2, |n| n.get());
    Arc::new(Semaphore::new(processors))
});

/// The bytes of a body, and the share of the room that they take.
pub struct Received {
    pub bytes: Bytes,
    pub share: Option<OwnedSemaphorePermit>,
}

impl Received {
    pub fn is_large(&self) -> bool {
        self.bytes.len() > LARGE
    }
}

pub async fn receive(request: &Request, body: &mut RequestBody) -> Result<Received> {
    let limit = request.data::<Limit>().map_or(usize::MAX, |limit| limit.0);
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    match length {
        Some(length) if length > limit => Err(too_large(limit).into()),
        Some(length) if length <= LARGE => match body.take()?.into_bytes_limit(limit).await {
            Ok(bytes) => Ok(Received { bytes, share: None }),
            Err(ReadBodyError::PayloadTooLarge) => Err(too_large(limit).into()),
            Err(ReadBodyError::Io(error)) => Err(Problem::broken_body(&error).into()),
            Err(error) => Err(Problem::broken_body(&io::Error::other(error)).into()),
        },
        _ => receive_large(body, limit).await,
    }
}

/// Takes room as the bytes come: who announces much and sends nothing keeps none from others.
async fn receive_large(body: &mut RequestBody, limit: usize) -> Result<Received> {
    let mut stream = Box::pin(body.take()?.into_bytes_stream());
    let (mut bytes, mut share) = (BytesMut::new(), None::<OwnedSemaphorePermit>);
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| Problem::broken_body(&error))?;
        if bytes.len() + piece.len() > limit {
            return Err(too_large(limit).into());
        }
        bytes.extend_from_slice(&piece);
        if bytes.len() > LARGE {
            let held = share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let more = bytes.len().div_ceil(1024).min(ALL_KIB).saturating_sub(held);
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            let more = ROOM.clone().try_acquire_many_owned(more).map_err(|_| no_room())?;
            match &mut share {
                Some(share) => share.merge(more),
                None => share = Some(more),
            }
        }
    }
    Ok(Received { bytes: bytes.freeze(), share })
}

/// Looks at a large body on a thread of its own when it is its turn. The turn lasts until the
/// look is over, even when the caller has gone.
pub async fn in_turn<T: Send + 'static>(look: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let turn = timeout(TURN, TURNS.clone().acquire_owned()).await.map_err(|_| no_room())?;
    let looking = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        look()
    });
    looking.await.map_err(|error| Problem::internal(&format!("a body could not be looked at: {error}")))?
}

fn too_large(limit: usize) -> Problem {
    let detail = format!(
        "The body is larger than {limit} bytes: send less, or start the server with a larger --max-body-bytes."
    );
    Problem::new("body_too_large", detail)
}

fn no_room() -> Problem {
    Problem::new("overloaded", "Too many large bodies are being read: try again in a moment.")
}
