//! A request body that is too large for memory, streamed to a temporary file and deleted with it.

use super::{
    body::check_content_encoding,
    problem::{Problem, shown},
};
use crate::import::{Background, DiskReserve, ImportPermit, MAX_ADMITTED, MAX_UPLOADS, Temporary};
use futures_util::StreamExt;
use poem::{Body, Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{fs::File, io::AsyncWriteExt, time::timeout};

/// Media type of a dump in the document: client generators take several for different functions.
const DOCUMENTED_TYPE: &str = "application/octet-stream";

/// Media types of a dump; the importer recognises its format by its bytes.
const TYPES: [&str; 13] = [
    DOCUMENTED_TYPE,
    "application/json",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/jsonlines",
    "application/gzip",
    "application/x-gzip",
    "application/zstd",
    "application/vnd.sqlite3",
    "application/x-sqlite3",
    "text/plain",
    "text/csv",
];

/// Content codings of a dump. They are those of a compressed dump, which the importer unpacks.
const ENCODINGS: [&str; 4] = ["gzip", "x-gzip", "zstd", "identity"];

/// Maximum size of an upload in bytes; the extractor gets it through the request's data.
#[derive(Clone, Copy)]
pub struct MaxUploadBytes(pub u64);

/// Maximum time without any byte of an upload.
const UPLOAD_IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes received between two checks of the free disk space.
const DISK_CHECK_BYTES: u64 = 8 << 20;

/// A request body stored in a file.
pub struct Upload {
    pub path: PathBuf,
    /// Folder of the file; dropping it deletes the file.
    pub folder: Temporary,
    /// Permit for an import that runs or waits.
    pub place: ImportPermit,
}

impl<'a> ApiExtractor<'a> for Upload {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let bytes = MetaSchema::new_with_format("string", "binary");
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType {
                content_type: DOCUMENTED_TYPE,
                schema: MetaSchemaRef::Inline(Box::new(bytes)),
            }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        check_content_type(request)?;
        check_content_encoding(request, &ENCODINGS)?;
        let limit = request.data::<MaxUploadBytes>().map_or(u64::MAX, |l| l.0);
        let declared = request
            .header("content-length")
            .and_then(|length| length.parse::<u64>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large(limit).into());
        }
        let imports = request
            .data::<Arc<Background>>()
            .ok_or_else(|| Problem::internal("uploads have no importer"))?;
        let place = imports
            .place()
            .ok_or_else(|| busy(&format!("{MAX_ADMITTED} imports wait already")))?;
        let _receiving = imports
            .upload()
            .ok_or_else(|| busy(&format!("{MAX_UPLOADS} uploads are being received")))?;
        let room = imports.room();
        let folder = Temporary::new("upload").map_err(|e| unwritable(&e))?;
        let path = folder.path().join("upload");
        let received = receive(body.take()?, &path, limit, &room).await?;
        if received == 0 && request.content_type().is_none() {
            return Err(wrong_type("none").into());
        }
        Ok(Self {
            path,
            folder,
            place,
        })
    }
}

/// Writes the body to the file, and returns its length in bytes.
async fn receive(body: Body, path: &Path, limit: u64, room: &DiskReserve) -> Result<u64> {
    let mut file = File::create(path).await.map_err(|e| unwritable(&e))?;
    let (mut stream, mut received, mut looked_at) = (Box::pin(body.into_bytes_stream()), 0, 0);
    full(room)?;
    loop {
        let chunk = timeout(UPLOAD_IDLE_TIMEOUT, stream.next())
            .await
            .map_err(|_| silent())?;
        let Some(chunk) = chunk else { break };
        let chunk = chunk.map_err(|error| Problem::broken_body(&error))?;
        received += chunk.len() as u64;
        if received > limit {
            return Err(too_large(limit).into());
        }
        if received - looked_at > DISK_CHECK_BYTES {
            full(room)?;
            looked_at = received;
        }
        file.write_all(&chunk).await.map_err(|e| unwritable(&e))?;
    }
    file.flush().await.map_err(|e| unwritable(&e))?;
    Ok(received)
}

fn check_content_type(request: &Request) -> Result<()> {
    let essence = |given: &str| {
        given
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    };
    match request.content_type() {
        // Some generated clients send bytes without a type, which are then octets (RFC 9110, 8.3).
        None => Ok(()),
        Some(given) if TYPES.contains(&essence(given).as_str()) => Ok(()),
        Some(given) => Err(wrong_type(given).into()),
    }
}

fn wrong_type(given: &str) -> Problem {
    let given = shown(given);
    let detail =
        format!("Send the dump with Content-Type: {DOCUMENTED_TYPE}; it came with {given}.");
    Problem::new("media_type_unsupported", detail)
}

fn too_large(limit: u64) -> Problem {
    let remedy = "send the dump in parts, import it with `callsheet import`, or start the server \
        with a larger --max-upload-bytes";
    Problem::new(
        "body_too_large",
        format!("The upload is larger than {limit} bytes: {remedy}."),
    )
}

fn busy(why: &str) -> Problem {
    Problem::new(
        "overloaded",
        format!("{why}: try again when one has ended."),
    )
}

fn silent() -> Problem {
    let detail = format!(
        "No data of the upload arrived for {} seconds: send it again.",
        UPLOAD_IDLE_TIMEOUT.as_secs()
    );
    Problem::new("body_too_slow", detail)
}

fn full(room: &DiskReserve) -> Result<()> {
    room.lacking().map_or(Ok(()), |lacking| {
        Err(Problem::new("disk_full", lacking).into())
    })
}

fn unwritable(error: &io::Error) -> Problem {
    if matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    ) {
        let detail = "The disk for temporary files is full: free space on it, or set TMPDIR to a \
            folder on another disk.";
        return Problem::new("disk_full", detail);
    }
    Problem::internal(&format!(
        "cannot write an upload to a temporary file: {error}"
    ))
}
