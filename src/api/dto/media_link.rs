//! Links to media in requests and responses.

use super::Time;
use poem_openapi::Object;

/// A link to make.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewMediaLink {
    /// Path of the file, such as `/media/film.mp4`, as the result of a job has it.
    #[oai(validator(min_length = 1, max_length = 2000))]
    pub path: String,
}

/// A link to a file that works without a key.
#[derive(Debug, Object)]
pub struct MediaLink {
    /// Path and query of the link, to put behind the address of the server.
    pub url: String,
    /// Time from which on the link does not work.
    pub expires_at: Time,
}
