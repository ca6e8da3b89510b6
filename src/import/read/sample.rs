//! The first records of a file, for the user to see what it looks like before an import.

use super::{
    super::{
        json,
        reject::Reject,
        report::Position,
        split::{Piece, Shapes, split},
        stop::StopFlag,
    },
    file::{self, Kind},
    input::{BUFFER_BYTES, gunzip, plain, unzstd},
    sqlite, table,
};
use serde_json::{Map, Value};
use std::{fs::File, io::BufRead, path::Path};

/// Maximum records of a sample.
pub const MAX_SAMPLED: usize = 200;

/// Form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    List,
    ById,
    Lines,
    Single,
    Table,
    Sqlite,
}

/// Records of one list, object or table.
pub struct Sample {
    pub form: Form,
    /// Name of a table of a database.
    pub table: Option<String>,
    pub records: Vec<Map<String, Value>>,
    /// First reject, if there was one.
    pub reject: Option<Reject>,
}

/// Reads the first records. `is_record` tells them from the objects around them.
pub fn sample(
    path: &Path,
    is_record: &dyn Fn(&Map<String, Value>) -> bool,
) -> Result<Vec<Sample>, Reject> {
    let (stop, opened) = (StopFlag::default(), || {
        File::open(path).map_err(file::unreadable_file)
    });
    let mut input = plain(opened()?, &stop, BUFFER_BYTES);
    let kind = file::kind(input.fill_buf().map_err(file::unreadable_file)?);
    let name = path.to_string_lossy().to_ascii_lowercase();
    let is_table = [".csv", ".tsv"].iter().any(|ending| name.contains(ending));
    let of = |input: &mut dyn BufRead| {
        if is_table {
            rows(input)
        } else {
            records(input, is_record)
        }
    };
    Ok(match kind {
        Kind::Sqlite => sqlite::sample(path, &stop)?,
        Kind::Gzip => vec![of(&mut gunzip(input, None))],
        Kind::Zstd => vec![of(&mut unzstd(input, None).map_err(file::unreadable_file)?)],
        Kind::Text => vec![of(&mut input)],
    })
}

fn records(input: &mut dyn BufRead, is_record: &dyn Fn(&Map<String, Value>) -> bool) -> Sample {
    let mut sample = empty(Form::Single);
    let shapes = Shapes {
        is_record,
        is_id: &|name| name == "job_id",
        is_field: &|_| false,
    };
    split(input, shapes, &mut |piece| {
        sample.form = match &piece.at {
            Position::Key(_) => Form::ById,
            Position::Element(_) => Form::List,
            Position::Line(_) if sample.records.is_empty() => Form::Single,
            Position::Line(_) => Form::Lines,
            Position::File => sample.form,
        };
        sample.add(piece)
    });
    sample
}

fn rows(input: &mut dyn BufRead) -> Sample {
    let mut sample = empty(Form::Table);
    table::each(input, &mut |piece| sample.add(piece));
    sample
}

fn empty(form: Form) -> Sample {
    Sample {
        form,
        table: None,
        records: Vec::new(),
        reject: None,
    }
}

impl Sample {
    /// Adds a record. Returns false when the sample is large enough.
    fn add(&mut self, piece: Piece) -> bool {
        match piece.whole {
            Err(reject) => drop(self.reject.get_or_insert(reject)),
            Ok(()) => {
                if let Ok(json::Parsed {
                    value: Value::Object(record),
                    ..
                }) = json::parse(&piece.raw)
                {
                    self.records.push(record);
                }
            }
        }
        self.records.len() < MAX_SAMPLED
    }
}
