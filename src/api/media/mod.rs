//! `/media/*`: read-only access to the files of one folder, and to nothing outside it.

mod condition;
mod range;

use super::problem::{Problem, shown};
use crate::open_beneath::open_beneath;
use bytes::{Bytes, BytesMut};
use condition::{Verdict, Version};
use futures_util::{Stream, stream};
use poem::{
    Body, Endpoint, Request, Response, Result,
    error::MethodNotAllowedError,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use range::{RequestedRange, is_of_same_file, wanted};
use std::{
    fs::{File, Metadata},
    io::SeekFrom,
    path::{Path, PathBuf},
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Bytes that one read fetches from a file.
const READ_BYTES: u64 = 64 << 10;

pub struct Media {
    folder: PathBuf,
}

impl Media {
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    async fn open(&self, path: &str) -> Option<(File, Metadata)> {
        if path.contains(['\0', '\\']) {
            return None;
        }
        let (folder, path) = (self.folder.clone(), PathBuf::from(path));
        tokio::task::spawn_blocking(move || open_beneath(&folder, &path))
            .await
            .ok()
            .flatten()
    }
}

impl Endpoint for Media {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(MethodNotAllowedError.into());
        }
        let path = request.path_params::<String>()?;
        let (file, metadata) = self.open(&path).await.ok_or_else(|| missing(&path))?;
        let version = Version::of(&metadata);
        let verdict = version.verdict(request.headers());
        let mut headers = HeaderMap::new();
        version.describe(&mut headers);
        // A browser keeps the headers of the last response, so a 304 repeats those of the file.
        headers.insert(header::CONTENT_SECURITY_POLICY, policy(&path));
        if is_downloaded(&path) {
            let attachment = HeaderValue::from_static("attachment");
            headers.insert(header::CONTENT_DISPOSITION, attachment);
        }
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let mut response = Response::default();
        match verdict {
            Verdict::Changed => {
                let detail = format!(
                    "{} is not the file any more that the condition names.",
                    shown(&path)
                );
                return Err(Problem::new("media_changed", detail).into());
            }
            Verdict::NotModified => response.set_status(StatusCode::NOT_MODIFIED),
            Verdict::Send => {
                send(
                    &request,
                    &path,
                    file,
                    metadata.len(),
                    &headers,
                    &mut response,
                )
                .await?
            }
        }
        response.headers_mut().extend(headers);
        Ok(response)
    }
}

/// Sends the file, or the range of it that the request asks for.
async fn send(
    request: &Request,
    path: &str,
    file: File,
    size: u64,
    version: &HeaderMap,
    response: &mut Response,
) -> Result<()> {
    let range = request
        .headers()
        .get(header::RANGE)
        .filter(|_| request.method() == Method::GET);
    let range = range.filter(|_| is_of_same_file(request.headers(), version));
    let part = match range.map(|range| wanted(range.to_str().unwrap_or_default(), size)) {
        None | Some(RequestedRange::Whole) => 0..size,
        Some(RequestedRange::Beyond) => return Err(beyond(path, size).into()),
        Some(RequestedRange::Part(part)) => {
            response.set_status(StatusCode::PARTIAL_CONTENT);
            let place = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            response.headers_mut().extend(
                HeaderValue::try_from(place)
                    .ok()
                    .map(|place| (header::CONTENT_RANGE, place)),
            );
            part
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, (part.end - part.start).into());
    headers.extend(content_type(path).map(|kind| (header::CONTENT_TYPE, kind)));
    if request.method() == Method::GET {
        let mut file = tokio::fs::File::from_std(file);
        file.seek(SeekFrom::Start(part.start))
            .await
            .map_err(|_| missing(path))?;
        response.set_body(Body::from_bytes_stream(pieces(file, part.end - part.start)));
    }
    Ok(())
}

/// Returns a stream of this number of bytes of the file, from its current position. If the file has
/// become shorter, the response breaks off with an error.
fn pieces(file: tokio::fs::File, bytes: u64) -> impl Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold((file, bytes), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut piece = BytesMut::with_capacity(READ_BYTES.min(left) as usize);
        let read = (&mut file)
            .take(READ_BYTES.min(left))
            .read_buf(&mut piece)
            .await? as u64;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some((piece.freeze(), (file, left - read))))
    })
}

/// Returns the media type by the name of the file alone.
fn content_type(path: &str) -> Option<HeaderValue> {
    let kind = mime_guess::from_path(path).first()?;
    let charset = if kind.type_() == "text" {
        "; charset=utf-8"
    } else {
        ""
    };
    HeaderValue::try_from(format!("{kind}{charset}")).ok()
}

/// Returns the Content-Security-Policy of a file. The files come from others, and an HTML page
/// among them must not act with this server's origin. A browser that opens a video by its address
/// plays it in a page that it generates, and a sandbox would block that page from loading the
/// video.
fn policy(path: &str) -> HeaderValue {
    let kind = mime_guess::from_path(path).first();
    let is_played = kind.is_some_and(|kind| kind.type_() == "video" || kind.type_() == "audio");
    HeaderValue::from_static(if is_played {
        "default-src 'none'; media-src 'self'"
    } else {
        "sandbox"
    })
}

/// Returns whether a browser stores the file instead of showing it: documents that can have
/// scripts, and files of unknown types.
fn is_downloaded(path: &str) -> bool {
    let Some(kind) = mime_guess::from_path(path).first() else {
        return true;
    };
    match (kind.type_().as_str(), kind.subtype().as_str()) {
        ("video" | "audio" | "font", _) => false,
        ("image", kind) => kind.starts_with("svg") || kind.contains("xml"),
        ("text", kind) => !matches!(kind, "plain" | "csv" | "markdown" | "vtt"),
        ("application", kind) => kind != "json",
        _ => true,
    }
}

fn missing(path: &str) -> Problem {
    Problem::new(
        "media_not_found",
        format!("There is no file {} in the media folder.", shown(path)),
    )
}

fn beyond(path: &str, size: u64) -> Problem {
    let detail = format!(
        "{} has {size} bytes: ask for a range within them.",
        shown(path)
    );
    let range = Some((header::CONTENT_RANGE, format!("bytes */{size}")));
    Problem {
        header: range,
        ..Problem::new("range_not_satisfiable", detail)
    }
}
