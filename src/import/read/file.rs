//! Reader of a file: JSON, compressed or not, or a SQLite database. The first bytes decide which.

use super::{
    super::{
        mapping::Format,
        reject::{Reason, Reject},
        report::Position,
        split::{split, survey},
    },
    RecordReader,
    input::{BUFFER_BYTES, gunzip, plain, unzstd},
    sink::RecordSink,
    sqlite, table,
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
    let kind = kind(start);
    fits(kind, &sink.reader)?;
    if kind == Kind::Sqlite {
        return Ok(sqlite::read(path, sink));
    }
    if kind == Kind::Text && length == Some(start.len() as u64) {
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
        Kind::Gzip => records(
            gunzip(input, length),
            again.map(|again| gunzip(again, length)),
            sink,
        ),
        Kind::Zstd => {
            let again = again.map(|again| unzstd(again, length)).transpose();
            records(
                unzstd(input, length).map_err(unreadable_file)?,
                again.map_err(unreadable_file)?,
                sink,
            )
        }
        Kind::Text | Kind::Sqlite => records(input, again, sink),
    })
}

/// Kind of a file, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Gzip,
    Zstd,
    Text,
}

pub fn kind(start: &[u8]) -> Kind {
    let kinds = [
        (SQLITE, Kind::Sqlite),
        (GZIP, Kind::Gzip),
        (ZSTD, Kind::Zstd),
    ];
    let found = kinds
        .into_iter()
        .find(|(bytes, _)| start.starts_with(bytes));
    found.map_or(Kind::Text, |(_, kind)| kind)
}

/// Rejects a file that is not of the form that the user named.
fn fits(kind: Kind, reader: &RecordReader) -> Result<(), Reject> {
    let RecordReader::Mapped(mapping) = reader else {
        return Ok(());
    };
    let detail = match (mapping.format, kind == Kind::Sqlite) {
        (Format::Sqlite, false) => {
            "The file is not a SQLite database: name its form with --from json or --from csv."
        }
        (Format::Json | Format::Csv, true) => {
            "The file is a SQLite database: use --from sqlite, and name the table with --table."
        }
        _ => return Ok(()),
    };
    Err(Reject::new(Reason::UnknownShape, detail))
}

/// Hands on the records of the input. `again` reads the same bytes once more, to find repeated keys
/// and ids. Returns false when the reader should stop.
fn records<R: BufRead>(input: R, again: Option<R>, sink: &mut RecordSink) -> bool {
    let reader = sink.reader.clone();
    if let RecordReader::Mapped(mapping) = &reader
        && mapping.format == Format::Csv
    {
        return table::records(input, again, sink);
    }
    reader.with_shapes(|shapes| {
        if let Some(again) = again {
            survey(again, shapes, &mut |piece| sink.survey(&piece));
            sink.end_survey();
        }
        let mut go_on = true;
        split(input, shapes, &mut |piece| {
            go_on = sink.take(piece);
            go_on
        });
        go_on
    })
}

/// Checks that the file can be opened. A pipe is not opened, since its writer would take that for
/// the start of reading.
pub fn look(path: &Path) -> Result<(), Reject> {
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() => Ok(()),
        _ => File::open(path).map(drop).map_err(unreadable_file),
    }
}

pub fn unreadable_file(error: io::Error) -> Reject {
    unreadable(&error.to_string())
}

pub fn unreadable(why: &str) -> Reject {
    Reject::new(
        Reason::UnreadableFile,
        format!("The file cannot be opened: {why}."),
    )
}
