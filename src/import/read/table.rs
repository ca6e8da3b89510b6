//! Reader of a table as text: CSV, with commas, semicolons or tabs between its values. The first
//! row names the columns, and an empty value is none.

use super::{
    super::{
        reject::{Reason, Reject},
        report::Position,
        split::Piece,
    },
    sink::{RecordSink, piece},
};
use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value};
use std::io::{BufRead, Read};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Hands on the rows of the table. `again` reads the same bytes once more, to find repeated ids.
/// Returns false when the reader should stop.
pub fn records<R: BufRead>(input: R, again: Option<R>, sink: &mut RecordSink) -> bool {
    if let Some(again) = again {
        each(again, &mut |row| {
            sink.survey(&row);
            true
        });
        sink.end_survey();
    }
    let mut go_on = true;
    each(input, &mut |row| {
        go_on = sink.take(row);
        go_on
    });
    go_on
}

/// Passes each row to `found`, until that returns false.
pub fn each(mut input: impl BufRead, found: &mut dyn FnMut(Piece) -> bool) {
    let delimiter = input.fill_buf().map_or(b',', delimiter);
    let mut rows = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(input);
    let columns = match columns(&mut rows) {
        Ok(columns) => columns,
        Err(reject) => {
            found(piece(Position::File, Vec::new(), Err(reject)));
            return;
        }
    };
    let mut row = ByteRecord::new();
    loop {
        match rows.read_byte_record(&mut row) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let detail = format!("The table cannot be read to its end: {error}.");
                let reject = Reject::new(Reason::UnreadableFile, detail);
                found(piece(Position::File, Vec::new(), Err(reject)));
                return;
            }
        }
        let place = row.position();
        let (line, offset) = place.map_or((0, 0), |place| (place.line(), place.byte()));
        let record = object(&columns, &row).to_string().into_bytes();
        let whole = if row.len() > columns.len() {
            Err(Reject::new(
                Reason::WrongType,
                format!(
                    "The row has {} values, but the table has {} columns.",
                    row.len(),
                    columns.len()
                ),
            ))
        } else {
            Ok(())
        };
        let piece = Piece {
            line,
            offset,
            ..piece(Position::Line(line), record, whole)
        };
        if !found(piece) {
            return;
        }
    }
}

fn columns<R: Read>(rows: &mut csv::Reader<R>) -> Result<Vec<String>, Reject> {
    let refused = |why: String| Reject::new(Reason::NotJson, why);
    let names = rows
        .byte_headers()
        .map_err(|error| refused(format!("The file is no table: {error}.")))?;
    let names: Vec<_> = names
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim().to_owned())
        .map(|name| name.trim_start_matches(BYTE_ORDER_MARK).to_owned())
        .collect();
    if names.is_empty() {
        let detail = "The file is empty.";
        return Err(Reject::new(Reason::EmptyFile, detail));
    }
    if names.iter().any(|name| name.contains('\0')) {
        return Err(refused("The file is no table of text.".to_owned()));
    }
    Ok(names)
}

fn object(columns: &[String], row: &ByteRecord) -> Value {
    let mut record = Map::new();
    for (column, value) in columns.iter().zip(row) {
        let text = String::from_utf8_lossy(value);
        let value = match text.trim() {
            "" => Value::Null,
            _ => text.into_owned().into(),
        };
        record.insert(column.clone(), value);
    }
    record.into()
}

/// Byte between the values, which is the most frequent of the possible ones in the first row.
fn delimiter(start: &[u8]) -> u8 {
    let row = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let count = |byte: &u8| row.iter().filter(|found| *found == byte).count();
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(count)
        .unwrap_or(b',')
}
