//! Interface of a legacy store.

use super::Context;
use crate::import::{
    record::Record,
    reject::{Reason, Reject},
};
use serde_json::{Map, Value};

/// Legacy store, which recognises its records by their fields, and reads one into a [`Record`].
pub trait Source: Sync {
    /// Name in `--from`, and in the `source` of a job.
    fn name(&self) -> &'static str;

    /// Names of the fields that a record of the store may have.
    fn fields(&self) -> &'static [&'static str];

    /// Whether a record with these fields belongs to this store. At most one source recognises a
    /// record.
    fn recognises(&self, record: &Map<String, Value>) -> bool;

    /// Names of members that are a secret only in this store.
    fn secrets(&self) -> &'static [&'static str] {
        &[]
    }

    /// Converts the record to the form that `read` expects, if its text has information that its
    /// members lack.
    fn arrange(&self, _record: &mut Map<String, Value>, _raw: &[u8]) {}

    /// Reads a record. `key` is the record's key, if it was in an object by id. Callsheet's own
    /// export does not use this function: [`super::callsheet::rows`] takes its rows unchanged.
    fn read(
        &self,
        _key: Option<&str>,
        _record: Map<String, Value>,
        _context: &Context,
    ) -> Result<Record, Reject> {
        Err(Reject::new(
            Reason::UnknownShape,
            format!("Records of {} cannot be read this way.", self.name()),
        ))
    }
}

/// Stores that only the user's map tells; [`crate::import::mapping`] reads their records.
pub struct Mapped;

impl Source for Mapped {
    fn name(&self) -> &'static str {
        "mapped"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[]
    }

    fn recognises(&self, _: &Map<String, Value>) -> bool {
        false
    }
}
