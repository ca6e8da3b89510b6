//! `/media/*`: the files of one folder, to be read only, and nothing outside it.

use super::problem::Problem;
use poem::{
    Endpoint, FromRequest, IntoResponse, Request, Response, Result,
    error::{MethodNotAllowedError, StaticFileError},
    http::{Method, header},
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
        let (request, mut body) = request.split();
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(MethodNotAllowedError.into());
        }
        let path = request.path_params::<String>()?;
        let missing = || Problem::new("media_not_found", format!("There is no file {path} in the media folder."));
        let file = self.locate(&path).await.ok_or_else(missing)?;
        let conditions = StaticFileRequest::from_request(&request, &mut body).await?;
        let response = conditions.create_response(file, true, true).map_err(|error| match error {
            StaticFileError::PreconditionFailed => {
                Problem::new("media_changed", format!("{path} is not the file any more that the condition names."))
            }
            StaticFileError::RangeNotSatisfiable { size } => {
                let detail = format!("{path} has {size} bytes: ask for a range within them.");
                let range = Some((header::CONTENT_RANGE, format!("bytes */{size}")));
                Problem { header: range, ..Problem::new("range_not_satisfiable", detail) }
            }
            _ => missing(),
        })?;
        let mut response = response.into_response();
        // What is in the folder was made by others: a page among it must not act in this server's name.
        response.headers_mut().insert("content-security-policy", poem::http::HeaderValue::from_static("sandbox"));
        if request.method() == Method::HEAD {
            response.set_body(());
        }
        Ok(response)
    }
}
