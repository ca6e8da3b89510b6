//! `/media/*`: the files of one folder, to be read only, and nothing outside it.

use super::{
    problem::{Problem, shown},
    range::{Wanted, is_of_same_file, wanted},
};
use poem::{
    Endpoint, FromRequest, IntoResponse, Request, RequestBody, Response, Result,
    error::{MethodNotAllowedError, StaticFileError},
    http::{HeaderValue, Method, header},
    web::StaticFileRequest,
};
use std::path::{Component, Path, PathBuf};

pub struct Media {
    folder: PathBuf,
}

impl Media {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The file that a path names: plain names only, and, once links are followed, inside the folder.
    async fn locate(&self, path: &str) -> Option<PathBuf> {
        let asked = Path::new(path);
        let plain = asked.components().all(|c| matches!(c, Component::Normal(_)));
        if !plain || path.contains(['\0', '\\']) {
            return None;
        }
        let root = tokio::fs::canonicalize(&self.folder).await.ok()?;
        let file = tokio::fs::canonicalize(root.join(asked)).await.ok()?;
        let metadata = tokio::fs::metadata(&file).await.ok()?;
        (file.starts_with(&root) && metadata.is_file()).then_some(file)
    }
}

impl Endpoint for Media {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let (mut request, mut body) = request.split();
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(MethodNotAllowedError.into());
        }
        let path = request.path_params::<String>()?;
        let file = self.locate(&path).await.ok_or_else(|| missing(&path))?;
        let range = request.headers_mut().remove(header::RANGE).filter(|_| request.method() == Method::GET);
        let mut response = answer(&request, &mut body, &file, &path).await?;
        let sent = response.status().is_success() && is_of_same_file(request.headers(), response.headers());
        if let Some(range) = range.filter(|_| sent) {
            let size = tokio::fs::metadata(&file).await.map_err(|_| missing(&path))?.len();
            match wanted(range.to_str().unwrap_or_default(), size) {
                Wanted::Whole => {}
                Wanted::Part(range) => {
                    request.headers_mut().extend(HeaderValue::from_str(&range).ok().map(|r| (header::RANGE, r)));
                    response = answer(&request, &mut body, &file, &path).await?;
                }
                Wanted::Beyond => return Err(beyond(&path, size).into()),
            }
        }
        let policy = HeaderValue::from_static(policy(response.content_type().unwrap_or_default()));
        response.headers_mut().insert("content-security-policy", policy);
        if request.method() == Method::HEAD {
            response.set_body(());
        }
        Ok(response)
    }
}

/// What is in the folder was made by others: a page among it must not act in this server's name. A film that is opened by
/// its own address is played by a page that the browser makes around it, which a sandbox would keep from loading it.
fn policy(content_type: &str) -> &'static str {
    let is_played = content_type.starts_with("video/") || content_type.starts_with("audio/");
    if is_played { "default-src 'none'; media-src 'self'" } else { "sandbox" }
}

/// The file as the conditions of the request, and its range, want it.
async fn answer(request: &Request, body: &mut RequestBody, file: &Path, path: &str) -> Result<Response> {
    let conditions = StaticFileRequest::from_request(request, body).await?;
    let response = conditions.create_response(file, true, true).map_err(|error| match error {
        StaticFileError::PreconditionFailed => {
            Problem::new("media_changed", format!("{} is not the file any more that the condition names.", shown(path)))
        }
        StaticFileError::RangeNotSatisfiable { size } => beyond(path, size),
        _ => missing(path),
    })?;
    Ok(response.into_response())
}

fn missing(path: &str) -> Problem {
    Problem::new("media_not_found", format!("There is no file {} in the media folder.", shown(path)))
}

fn beyond(path: &str, size: u64) -> Problem {
    let detail = format!("{} has {size} bytes: ask for a range within them.", shown(path));
    let range = Some((header::CONTENT_RANGE, format!("bytes */{size}")));
    Problem { header: range, ..Problem::new("range_not_satisfiable", detail) }
}
