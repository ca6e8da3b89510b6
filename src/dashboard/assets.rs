//! The files of the dashboard, embedded as they are in the repository, and the page that names them
//! by the hash of all: browsers cache them for a year, and a changed file gives all a new address.

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, io::Write, sync::OnceLock};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// Each file by name, as it stands in the repository.
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

/// A file on its way out, as it is and packed.
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

/// Made when it is first asked for.
pub fn bundle() -> &'static Bundle {
    static MADE: OnceLock<Bundle> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut all = Sha256::new();
        for (name, text) in FILES {
            all.update(format!("{name} {}\n{text}", text.len()));
        }
        let hash = short(&all.finalize());
        let page = PAGE.replace("PRELOADS", &preloads()).replace("HASH", &hash);
        let files = FILES.iter().map(|(name, text)| (*name, file(content_type(name), text))).collect();
        Bundle { page: file("text/html; charset=utf-8", &page), hash, files }
    })
}

/// Modules are named in the page, so that a browser need not find them one import after the other.
fn preloads() -> String {
    let modules = FILES.iter().map(|(name, _)| *name).filter(|name| name.ends_with(".js"));
    let links = modules.filter(|name| !matches!(*name, "main.js" | "theme.js"));
    links.map(|name| format!("<link rel=\"modulepreload\" href=\"/assets/HASH/{name}\">\n")).collect()
}

fn file(content_type: &'static str, text: &str) -> File {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail; were it to, the file would go out as it is.
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
