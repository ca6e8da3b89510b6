//! A job as one line of JSON, with all rows that belong to it: the format of exports and archives,
//! both ways.

mod columns;
mod own_rows;
mod read;

pub use columns::{NAMES, job_json, values, with_shown_url};
pub use read::{NotAJob, rows};

use crate::db::WholeJob;
use serde::ser::{SerializeMap, Serializer};
use std::io;

/// Appends the line of a job, with the line feed at its end.
pub fn write(job: WholeJob, text: &mut Vec<u8>) -> io::Result<()> {
    let mut line = serde_json::Serializer::new(&mut *text);
    let mut object = line.serialize_map(Some(NAMES.len()))?;
    for (name, value) in NAMES.iter().zip(values(job)) {
        object.serialize_entry(name, &value)?;
    }
    object.end()?;
    text.push(b'\n');
    Ok(())
}
