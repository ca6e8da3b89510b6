//! How the records of a run are told from other objects, and read: by the fields of the known
//! stores, as those of a named store, or by the user's map.

use super::super::{
    identity::IdentityNames,
    mapping::{Format, Mapping},
    sources::SourceKind,
    split::Shapes,
};
use serde_json::{Map, Value};
use std::sync::Arc;

#[derive(Clone, Default)]
pub enum RecordReader {
    /// Each record by its fields.
    #[default]
    ByFields,
    /// All records as those of this store.
    Store(SourceKind),
    /// All records by this map.
    Mapped(Arc<Mapping>),
}

impl RecordReader {
    /// Whether an object is a record.
    pub fn is_record(&self, record: &Map<String, Value>) -> bool {
        match self {
            RecordReader::ByFields => SourceKind::recognise(record).is_some(),
            RecordReader::Store(kind) => {
                // A record of the named store may lack what it is recognised by.
                kind.source().recognises(record)
                    || (record.contains_key("status")
                        && record
                            .keys()
                            .filter(|name| kind.source().fields().contains(&name.as_str()))
                            .count()
                            > 2)
            }
            RecordReader::Mapped(mapping) => mapping.is_record(record),
        }
    }

    /// Whether a member of this name identifies a record.
    pub fn is_id(&self, name: &str) -> bool {
        match self {
            RecordReader::Mapped(mapping) => name == "job_id" || mapping.is_id(name),
            _ => name == "job_id",
        }
    }

    /// Whether records have a field of this name.
    pub fn is_field(&self, name: &str) -> bool {
        match self {
            RecordReader::Mapped(mapping) => SourceKind::knows_field(name) || mapping.names(name),
            _ => SourceKind::knows_field(name),
        }
    }

    /// Names of the id and of the time of the last change.
    pub fn identity(&self) -> IdentityNames {
        match self {
            RecordReader::Mapped(mapping) => mapping.identity(),
            _ => IdentityNames::default(),
        }
    }

    /// Whether the map is that of tables of text.
    pub fn reads_tables(&self) -> bool {
        matches!(self, RecordReader::Mapped(mapping) if mapping.format == Format::Csv)
    }

    /// Calls `with` with what the splitter has to know.
    pub fn with_shapes<T>(&self, with: impl FnOnce(Shapes<'_>) -> T) -> T {
        with(Shapes {
            is_record: &|record| self.is_record(record),
            is_id: &|name| self.is_id(name),
            is_field: &|name| self.is_field(name),
        })
    }
}
