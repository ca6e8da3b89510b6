//! Rows of a table of jobs, read one by one from CSV or from JSON Lines.

use super::columns::{Column, field};
use crate::{cli::Failure, strict_json};
use serde_json::{Map, Value};
use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// Bytes of a line of JSON that the reader holds in memory.
const MAX_LINE_BYTES: u64 = 32 << 20;

/// A row of the table.
pub struct Row {
    /// Its line in the file, from 1.
    pub line: u64,
    pub bytes: u64,
    /// Fields of the job, or why they cannot be read.
    pub fields: Result<Map<String, Value>, String>,
}

pub type Rows = Box<dyn Iterator<Item = Row> + Send>;

/// Opens a file, or standard input for `-`.
fn open(path: &Path) -> Result<BufReader<Box<dyn Read + Send>>, Failure> {
    let read: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let cannot = |why: &dyn std::fmt::Display| {
            Failure::Other(format!(
                "the table {} cannot be read: {why}",
                path.display()
            ))
        };
        let file = File::open(path).map_err(|error| cannot(&error))?;
        if file.metadata().is_ok_and(|file| file.is_dir()) {
            return Err(cannot(&"it is a folder; name a file in it"));
        }
        Box::new(file)
    };
    let mut reader = BufReader::with_capacity(64 << 10, read);
    let begin = reader.fill_buf()?;
    if begin.starts_with(&[0xff, 0xfe]) || begin.starts_with(&[0xfe, 0xff]) {
        return Err(Failure::Usage(
            "the table is UTF-16 text: save it as UTF-8, e.g. as \"CSV UTF-8\"".to_owned(),
        ));
    }
    if begin.starts_with(&[0xef, 0xbb, 0xbf]) {
        reader.consume(3);
    }
    Ok(reader)
}

/// Opens a table with a line of column names. Cells are separated by commas, semicolons or tabs,
/// whichever the first line has most of.
pub fn of_csv(path: &Path) -> Result<Rows, Failure> {
    let mut reader = open(path)?;
    let delimiter = delimiter(reader.fill_buf()?);
    let quotes = Arc::new(AtomicU64::new(0));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(CountQuotes(reader, quotes.clone()));
    let wrong = |detail: String| Failure::Usage(format!("line 1 of the table: {detail}"));
    let names = reader
        .headers()
        .map_err(|error| wrong(format!("it is not CSV: {error}")))?;
    let columns: Vec<Column> = names
        .iter()
        .map(Column::named)
        .collect::<Result<_, _>>()
        .map_err(wrong)?;
    for (i, column) in columns.iter().enumerate() {
        if columns[..i].contains(column) {
            let name = names.get(i).unwrap_or_default();
            return Err(wrong(format!(
                "two columns fill the same field; remove one {name:?}"
            )));
        }
    }
    let (mut record, mut before) = (csv::ByteRecord::new(), reader.position().byte());
    let mut is_broken = false;
    let next = move || {
        if is_broken {
            return None;
        }
        let read = reader.read_byte_record(&mut record);
        let after = reader.position().byte();
        let bytes = after.saturating_sub(std::mem::replace(&mut before, after));
        let fields = match read {
            Ok(false) => return None,
            Ok(true) => cells(&record, &columns),
            Err(error) => {
                is_broken = true;
                Err(format!("it cannot be read: {error}"))
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let row = Row {
            line,
            bytes,
            fields,
        };
        Some((row, record.iter().any(|cell| cell.contains(&b'\n'))))
    };
    let mut rows = std::iter::from_fn(next).peekable();
    let checked = move || {
        let (mut row, has_lines) = rows.next()?;
        // The reader takes the rest of a table for the cell whose quote is not closed.
        if has_lines && rows.peek().is_none() && quotes.load(Relaxed) % 2 == 1 {
            let why = "a quote is opened in it and never closed: close it, or double each quote \
                inside a cell";
            row.fields = Err(why.to_owned());
        }
        Some(row)
    };
    Ok(Box::new(std::iter::from_fn(checked)))
}

/// Reader that counts the quotes that pass through it.
struct CountQuotes<R>(R, Arc<AtomicU64>);

impl<R: Read> Read for CountQuotes<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(into)?;
        let quotes = into[..read].iter().filter(|byte| **byte == b'"').count();
        self.1.fetch_add(quotes as u64, Relaxed);
        Ok(read)
    }
}

fn delimiter(begin: &[u8]) -> u8 {
    let first = begin
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let count = |wanted: u8| first.iter().filter(|byte| **byte == wanted).count();
    let found = [b',', b';', b'\t'].into_iter().rev();
    found.max_by_key(|byte| count(*byte)).unwrap_or(b',')
}

fn cells(record: &csv::ByteRecord, columns: &[Column]) -> Result<Map<String, Value>, String> {
    if record.len() != columns.len() {
        return Err(format!(
            "it has {} cells, but the first line has {}: put cells with a delimiter into quotes",
            record.len(),
            columns.len()
        ));
    }
    let mut fields = Map::new();
    for (column, cell) in columns.iter().zip(record) {
        let cell = std::str::from_utf8(cell)
            .map_err(|_| "it is not UTF-8: save the table as \"CSV UTF-8\"".to_owned())?;
        column.fill(cell, &mut fields)?;
    }
    Ok(fields)
}

/// Opens a file with a JSON object on each line, with the fields of `POST /api/v1/jobs`.
pub fn of_json_lines(path: &Path) -> Result<Rows, Failure> {
    let mut reader = open(path)?;
    let (mut line, mut is_broken) = (0, false);
    let next = move || {
        loop {
            if is_broken {
                return None;
            }
            let mut text = Vec::new();
            let read = reader
                .by_ref()
                .take(MAX_LINE_BYTES)
                .read_until(b'\n', &mut text);
            line += 1;
            let bytes = text.len() as u64;
            let fields = match read {
                Ok(0) => return None,
                Ok(_) if text.trim_ascii().is_empty() => continue,
                Ok(_) => object(&text),
                Err(error) => {
                    is_broken = true;
                    Err(format!("it cannot be read: {error}"))
                }
            };
            return Some(Row {
                line,
                bytes,
                fields,
            });
        }
    };
    Ok(Box::new(std::iter::from_fn(next)))
}

fn object(text: &[u8]) -> Result<Map<String, Value>, String> {
    let Value::Object(members) = strict_json::read_or_say(text)? else {
        return Err("use a JSON object".to_owned());
    };
    let named = |(name, value): (String, Value)| (field(&name).to_owned(), value);
    Ok(members.into_iter().map(named).collect())
}
