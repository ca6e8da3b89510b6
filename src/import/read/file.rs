//! A file: JSON, compressed or not, or a SQLite database, told apart by its first bytes.

use super::{
    super::{
        reject::{Reason, Reject},
        report::At,
        sources::SourceKind,
        split::{keys, split},
    },
    sink::Sink,
    sqlite,
};
use flate2::bufread::MultiGzDecoder;
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

const BUFFER: usize = 1 << 16;
const SQLITE: &[u8] = b"SQLite format 3\0";
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Reads the file. False when nobody wants more.
pub fn read(path: &Path, sink: &mut Sink) -> bool {
    sink.begin(path);
    match read_open(path, sink) {
        Ok(go_on) => go_on,
        Err(reject) => sink.reject(At::File, [], reject),
    }
}

fn read_open(path: &Path, sink: &mut Sink) -> Result<bool, Reject> {
    let mut input = open(path)?;
    let start = input.fill_buf().map_err(|error| unreadable(&error.to_string()))?;
    if start.starts_with(SQLITE) {
        return Ok(sqlite::read(path, sink));
    }
    let (gzip, zstd) = (start.starts_with(GZIP), start.starts_with(ZSTD));
    // A pipe can be read once only: what its object holds twice is told of by its ids.
    let twice = input.get_ref().metadata().is_ok_and(|file| file.is_file());
    if gzip {
        let unpack = |input| Ok(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(input)));
        return records(input, || open(path), unpack, twice, sink);
    }
    if zstd {
        let unpack =
            |input| zstd::Decoder::with_buffer(input).map(|unpacked| BufReader::with_capacity(BUFFER, unpacked));
        return records(input, || open(path), unpack, twice, sink);
    }
    records(input, || open(path), Ok, twice, sink)
}

fn records<R: BufRead>(
    input: BufReader<File>,
    again: impl Fn() -> Result<BufReader<File>, Reject>,
    unpack: impl Fn(BufReader<File>) -> std::io::Result<R>,
    twice: bool,
    sink: &mut Sink,
) -> Result<bool, Reject> {
    let unpacked = |input| unpack(input).map_err(|error| unreadable(&error.to_string()));
    if twice {
        keys(unpacked(again()?)?, SourceKind::knows_field, &mut |key| sink.repeated.meet(key));
        sink.repeated.settle();
    }
    let mut go_on = true;
    split(unpacked(input)?, SourceKind::knows_field, &mut |piece| {
        go_on = sink.take(piece);
        go_on
    });
    Ok(go_on)
}

/// Whether the file can be opened. A pipe is not tried, since opening it is taken for reading it.
pub fn look(path: &Path) -> Result<(), Reject> {
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() => Ok(()),
        _ => open(path).map(drop),
    }
}

fn open(path: &Path) -> Result<BufReader<File>, Reject> {
    File::open(path).map(|file| BufReader::with_capacity(BUFFER, file)).map_err(|error| unreadable(&error.to_string()))
}

pub fn unreadable(why: &str) -> Reject {
    Reject::new(Reason::UnreadableFile, format!("The file cannot be opened: {why}."))
}
