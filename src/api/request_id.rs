//! Id of a request, by which the logs of a proxy and of the server name it alike.

use poem::http::{HeaderMap, HeaderName, HeaderValue};

/// Header that has the id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Id of a request that may change something, as data of the request.
#[derive(Clone)]
pub struct RequestId(pub String);

/// Maximum characters of a request id that the client chooses.
const MAX_REQUEST_ID_CHARS: usize = 128;

/// Returns the id of a request: the one that a proxy or the client gave it, if it is 1 to 128
/// visible characters, so that the logs of both name it alike; otherwise a new one.
pub fn request_id(headers: &HeaderMap) -> String {
    let mut given = headers.get_all(REQUEST_ID).iter();
    let is_id = |id: &&HeaderValue| {
        (1..=MAX_REQUEST_ID_CHARS).contains(&id.len())
            && id.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    let id = given
        .next()
        .filter(is_id)
        .filter(|_| given.next().is_none());
    id.and_then(|id| id.to_str().ok())
        .map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}
