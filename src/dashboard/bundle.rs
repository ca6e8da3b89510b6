//! The page, which refers to its files by the hash of all files, and the files as they are sent.
//! Browsers cache them for a year; a changed file gives all of them a new address.

use super::assets::{FILES, STYLES, is_shared, modules, styles};
use crate::hex::hex;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, io::Write, sync::OnceLock};

const PAGE: &str = include_str!("assets/index.html");

/// A file to send, plain and gzip compressed.
pub struct File {
    pub content_type: &'static str,
    pub etag: String,
    pub plain: bytes::Bytes,
    pub gzip: bytes::Bytes,
}

pub struct Bundle {
    pub hash: String,
    pub page: File,
    pub files: HashMap<&'static str, File>,
}

/// Returns the files. The first call builds them.
pub fn bundle() -> &'static Bundle {
    static MADE: OnceLock<Bundle> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut all = Sha256::new();
        for (name, text) in FILES {
            all.update(format!("{name} {}\n{text}", text.len()));
        }
        let hash = short(&all.finalize());
        let page = PAGE
            .replace("<!-- MODULES -->", &modules())
            .replace("HASH", &hash);
        let served = FILES.iter().copied().filter(|(name, _)| !is_shared(name));
        let mut files: HashMap<_, _> = served
            .map(|(name, text)| (name, file(content_type(name), text)))
            .collect();
        files.insert(STYLES, file(content_type(STYLES), &styles()));
        Bundle {
            page: file("text/html; charset=utf-8", &page),
            hash,
            files,
        }
    })
}

/// Returns the page of a server that a proxy publishes under a path: its links begin with it.
pub fn page_at(prefix: &str) -> File {
    let plain = String::from_utf8_lossy(&bundle().page.plain);
    let linked = ["href", "src"]
        .iter()
        .fold(plain.into_owned(), |page, name| {
            page.replace(&format!("{name}=\"/"), &format!("{name}=\"{prefix}/"))
        });
    let marked = linked.replacen("<html ", &format!("<html data-base=\"{prefix}\" "), 1);
    File::new(bundle().page.content_type, &marked)
}

fn file(content_type: &'static str, text: &str) -> File {
    File::new(content_type, text)
}

impl File {
    /// Compresses the text, and hashes it for its ETag.
    pub fn new(content_type: &'static str, text: &str) -> Self {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory does not fail; if it did, the server would send the plain file.
        let gzip = packed
            .write_all(text.as_bytes())
            .and_then(|()| packed.finish())
            .unwrap_or_default();
        let etag = format!("\"{}\"", short(&Sha256::digest(text)));
        Self {
            content_type,
            etag,
            plain: bytes::Bytes::copy_from_slice(text.as_bytes()),
            gzip: gzip.into(),
        }
    }
}

fn short(digest: &[u8]) -> String {
    hex(digest.first_chunk::<8>().map_or(digest, |first| first))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
