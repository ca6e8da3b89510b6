//! Conditional requests for a file (RFC 9110, 13): the client has this version already, or wants
//! another one.

use poem::{
    http::{HeaderMap, HeaderValue, header},
    web::headers::{
        ETag, HeaderMapExt, IfMatch, IfModifiedSince, IfNoneMatch, IfUnmodifiedSince, LastModified,
    },
};
use std::{fs::Metadata, os::unix::fs::MetadataExt, time::UNIX_EPOCH};

/// Version of a file, by its ETag and modification time.
pub struct Version {
    etag: Option<ETag>,
    modified: Option<LastModified>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Send,
    NotModified,
    /// The file is not the version that the request requires.
    Changed,
}

impl Version {
    pub fn of(metadata: &Metadata) -> Self {
        let Ok(modified) = metadata.modified() else {
            return Self {
                etag: None,
                modified: None,
            };
        };
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (inode, size) = (metadata.ino(), metadata.len());
        let etag = format!(
            "\"{inode:x}-{size:x}-{:x}.{:x}\"",
            since.as_secs(),
            since.subsec_nanos()
        )
        .parse();
        Self {
            etag: etag.ok(),
            modified: Some(modified.into()),
        }
    }

    pub fn verdict(&self, request: &HeaderMap) -> Verdict {
        let (Some(etag), Some(modified)) = (&self.etag, self.modified) else {
            return Verdict::Send;
        };
        let matches = match request.typed_get::<IfMatch>() {
            Some(wanted) => wanted.precondition_passes(etag),
            None => request
                .typed_get::<IfUnmodifiedSince>()
                .is_none_or(|at| at.precondition_passes(modified.into())),
        };
        if !matches {
            return Verdict::Changed;
        }
        let is_new = match request.typed_get::<IfNoneMatch>() {
            Some(known) => known.precondition_passes(etag),
            None => request
                .typed_get::<IfModifiedSince>()
                .is_none_or(|at| at.is_modified(modified.into())),
        };
        if is_new {
            Verdict::Send
        } else {
            Verdict::NotModified
        }
    }

    /// Adds the headers by which a client can name the version later.
    pub fn describe(self, answer: &mut HeaderMap) {
        if let Some(etag) = self.etag {
            answer.typed_insert(etag);
        }
        if let Some(modified) = self.modified {
            answer.typed_insert(modified);
        }
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
}
