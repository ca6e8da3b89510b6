//! Handler that makes links to media for people without a key.

use super::{
    Tag,
    auth::{Acting, MediaLinks},
    base_path::prefix,
    body::Body,
    contract::{Bound, Operation, READ, operation},
    dto::{MediaLink, NewMediaLink},
    problem::Problem,
};
use crate::error::FieldError;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use poem::{Request, Result};
use poem_openapi::{OpenApi, payload::Json};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    // The files of all jobs lie beside each other.
    operation("create_media_link", READ, Bound::Refused),
];

/// Characters that a path of a URL does not have.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

pub struct Links(pub MediaLinks);

#[OpenApi(prefix_path = "/api/v1/media-links", tag = "Tag::Jobs")]
impl Links {
    /// Share a film
    ///
    /// Returns a link to a file under `/media/` that works without a key for one hour, for people
    /// who have none. The server does not look whether the file exists.
    #[oai(path = "/", method = "post", operation_id = "create_media_link")]
    async fn create_media_link(
        &self,
        jobs: Acting,
        body: Body<NewMediaLink>,
        request: &Request,
    ) -> Result<Json<MediaLink>> {
        let path = &body.value.path;
        let is_inside = path
            .strip_prefix("/media/")
            .is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")));
        if !is_inside || path.contains(char::is_control) {
            let detail = "Use the path of a file under /media/, such as /media/film.mp4.";
            return Err(Problem::invalid(vec![FieldError::at("/path", "invalid", detail)]).into());
        }
        let path = utf8_percent_encode(path, PATH).to_string();
        let signed = self.0.sign(&path, jobs.now());
        let (query, expires_at) = signed.ok_or_else(|| Problem::internal("no random bytes"))?;
        Ok(Json(MediaLink {
            url: format!("{}{path}?{query}", prefix(request)),
            expires_at: expires_at.into(),
        }))
    }
}
