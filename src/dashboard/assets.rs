//! Files of the dashboard, and the page that refers to them by the hash of all files. A browser
//! caches them without expiry, and gets new ones when one of them changes. The server removes
//! comments and indentation before it sends them.

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, io::Write, sync::OnceLock};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// Each file by name, as in the repository.
        pub const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("assets/", $name)))),+];
    };
}

files!(
    "actions.js",
    "api.js",
    "app.css",
    "charts.js",
    "dom.js",
    "filters.js",
    "format.js",
    "icon.svg",
    "job.js",
    "jobs.js",
    "json.js",
    "library.js",
    "live.js",
    "main.js",
    "new.js",
    "overview.js",
    "router.js",
    "shots.js",
    "status.js",
    "theme.js",
    "timeline.js",
    "ui.js",
);

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
        let page = PAGE.replace("PRELOADS", &preloads()).replace("HASH", &hash);
        let files = FILES.iter().map(|(name, text)| (*name, file(content_type(name), &sent(text)))).collect();
        Bundle { page: file("text/html; charset=utf-8", &page), hash, files }
    })
}

/// Returns the text as the server sends it. Line numbers stay the same, so that a browser reports
/// errors at the lines of the source. Strings over several lines would lose their indentation; a
/// test ensures that there are none.
pub fn sent(text: &str) -> String {
    let mut in_comment = false;
    let mut sent = String::with_capacity(text.len());
    for line in text.trim_end().lines().map(str::trim) {
        let comment = in_comment || line.starts_with("/*");
        in_comment = comment && !line.ends_with("*/");
        if !comment && !line.starts_with("//") {
            sent.push_str(line);
        }
        sent.push('\n');
    }
    sent
}

/// Lists all modules in the page, so that a browser need not discover them one import after the
/// other.
fn preloads() -> String {
    let modules = FILES.iter().map(|(name, _)| *name).filter(|name| name.ends_with(".js"));
    let links = modules.filter(|name| !matches!(*name, "main.js" | "theme.js"));
    links.map(|name| format!("<link rel=\"modulepreload\" href=\"/assets/HASH/{name}\">\n")).collect()
}

fn file(content_type: &'static str, text: &str) -> File {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail; if it did, the server would send the plain file.
    let gzip = packed.write_all(text.as_bytes()).and_then(|()| packed.finish()).unwrap_or_default();
    let etag = format!("\"{}\"", short(&Sha256::digest(text)));
    File { content_type, etag, plain: bytes::Bytes::copy_from_slice(text.as_bytes()), gzip: gzip.into() }
}

fn short(digest: &[u8]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
