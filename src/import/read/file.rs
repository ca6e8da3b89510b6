//! Reader of a file: JSON, compressed or not, or a SQLite database. The first bytes decide which.

use super::{
    super::{
        reject::{Reason, Reject},
        report::Position,
        sources::SourceKind,
        split::{keys, split},
    },
    input::{BUFFER_BYTES, gunzip, plain, unzstd},
    sink::RecordSink,
    sqlite,
};
use std::{
    fs::File,
    io::{self, BufRead},
    path::Path,
};

const SQLITE: &[u8] = b"SQLite format 3\0";
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Reads the file. Returns false when the reader should stop.
pub fn read(path: &Path, sink: &mut RecordSink) -> bool {
    sink.begin(path);
    match read_open(path, sink) {
        Ok(go_on) => go_on,
        Err(reject) => sink.reject(Position::File, [], reject),
    }
}

fn read_open(path: &Path, sink: &mut RecordSink) -> Result<bool, Reject> {
    let file = File::open(path).map_err(unreadable_file)?;
    let length = file
        .metadata()
        .ok()
        .filter(|file| file.is_file())
        .map(|file| file.len());
    let stop = sink.stop.clone();
    let buffer = length
        .and_then(|length| usize::try_from(length).ok())
        .map_or(BUFFER_BYTES, |length| BUFFER_BYTES.min(length + 1));
    let mut input = plain(file, &stop, buffer);
    let start = input.fill_buf().map_err(unreadable_file)?;
    let kind = [SQLITE, GZIP, ZSTD]
        .into_iter()
        .find(|kind| start.starts_with(kind));
    if kind == Some(SQLITE) {
        return Ok(sqlite::read(path, sink));
    }
    if kind.is_none() && length == Some(start.len() as u64) {
        // The buffer holds the whole file, as is usual for stores with one file per job: no need to
        // open it a second time.
        return Ok(records(start, Some(start), sink));
    }
    // A pipe can be read only once, so that only repeated ids are found in it, not repeated keys.
    let open = || {
        File::open(path)
            .map(|file| plain(file, &stop, BUFFER_BYTES))
            .map_err(unreadable_file)
    };
    let again = length.is_some().then(open).transpose()?;
    Ok(match kind {
        Some(GZIP) => records(
            gunzip(input, length),
            again.map(|again| gunzip(again, length)),
            sink,
        ),
        Some(_) => {
            let again = again.map(|again| unzstd(again, length)).transpose();
            records(
                unzstd(input, length).map_err(unreadable_file)?,
                again.map_err(unreadable_file)?,
                sink,
            )
        }
        None => records(input, again, sink),
    })
}

/// Hands on the records of the input. `again` reads the same bytes once more, to find repeated
/// keys. Returns false when the reader should stop.
fn records<R: BufRead>(input: R, again: Option<R>, sink: &mut RecordSink) -> bool {
    if let Some(again) = again {
        keys(again, SourceKind::knows_field, &mut |key| {
            sink.repeated.meet(key)
        });
        sink.repeated.settle();
    }
    let mut go_on = true;
    split(input, SourceKind::knows_field, &mut |piece| {
        go_on = sink.take(piece);
        go_on
    });
    go_on
}

/// Checks that the file can be opened. A pipe is not opened, since its writer would take that for
/// the start of reading.
pub fn look(path: &Path) -> Result<(), Reject> {
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() => Ok(()),
        _ => File::open(path).map(drop).map_err(unreadable_file),
    }
}

fn unreadable_file(error: io::Error) -> Reject {
    unreadable(&error.to_string())
}

pub fn unreadable(why: &str) -> Reject {
    Reject::new(
        Reason::UnreadableFile,
        format!("The file cannot be opened: {why}."),
    )
}
