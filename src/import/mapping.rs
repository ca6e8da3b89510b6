//! Import of a store that is none of the known ones, by a map of its fields in the user's words:
//! `id=job_id,videoUrl=result.video_path`. A field that has its name in Callsheet needs no entry,
//! and all others stay in the job's `context`.

mod items;
mod pair;
mod read;
mod target;

use super::{identity::IdentityNames, names};
use pair::Pair;
use serde_json::{Map, Value};
use std::{fmt, str::FromStr, sync::atomic::Ordering};
use target::Target;

/// Form of a store that a map describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Sqlite,
    Csv,
}

impl Format {
    pub const ALL: [Format; 3] = [Format::Json, Format::Sqlite, Format::Csv];

    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Sqlite => "sqlite",
            Format::Csv => "csv",
        }
    }
}

impl FromStr for Format {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or(())
    }
}

/// Map of a store's fields.
#[derive(Debug)]
pub struct Mapping {
    pub format: Format,
    /// Table of a SQLite file.
    pub table: Option<String>,
    /// Job type of records without one.
    job_type: Option<String>,
    pairs: Vec<Pair>,
}

impl Mapping {
    /// Reads a map: pairs of `THEIRS=OURS`, separated by commas. An entry may have several pairs.
    pub fn new(
        format: Format,
        table: Option<String>,
        job_type: Option<String>,
        entries: &[String],
    ) -> Result<Self, String> {
        let entries = entries.iter().flat_map(|entry| entry.split(','));
        let mut pairs = Vec::<Pair>::new();
        for entry in entries.map(str::trim).filter(|entry| !entry.is_empty()) {
            let pair = Pair::new(entry)?;
            if let Some(other) = pairs.iter().find(|other| other.target == pair.target) {
                let (target, first, second) = (&pair.target, &other.source, &pair.source);
                return Err(format!(
                    "{first} and {second} cannot both be {target}: name one of them"
                ));
            }
            pairs.push(pair);
        }
        let job_type = job_type
            .map(|job_type| names::job_type(Some(job_type), None, None))
            .transpose()
            .map_err(|reject| reject.detail)?;
        Ok(Self {
            format,
            table,
            job_type,
            pairs,
        })
    }

    /// Whether an object is a record: it has several of the members that the map names, or that
    /// have their names in Callsheet.
    pub fn is_record(&self, record: &Map<String, Value>) -> bool {
        let mapped = self.pairs.iter().map(Pair::head);
        let named = target::PLAIN
            .iter()
            .copied()
            .filter(|name| !self.pairs.iter().any(|pair| pair.head() == *name));
        mapped
            .chain(named)
            .filter(|name| record.contains_key(*name))
            .take(2)
            .count()
            > 1
    }

    /// Whether a member of this name identifies a record.
    pub fn is_id(&self, name: &str) -> bool {
        match self.source_of("job_id") {
            Some(source) => source == name,
            None => name == "id",
        }
    }

    /// Whether the map, or Callsheet, names this member.
    pub fn names(&self, name: &str) -> bool {
        target::PLAIN.contains(&name) || self.pairs.iter().any(|pair| pair.head() == name)
    }

    /// Names of the id and of the time of the last change.
    pub fn identity(&self) -> IdentityNames {
        let first = |target: &str, others: &[&str]| {
            let mapped = self.source_of(target).map(str::to_owned);
            let others = others.iter().map(|name| (*name).to_owned());
            mapped.into_iter().chain(others).collect()
        };
        IdentityNames {
            ids: first("job_id", &["job_id", "id"]),
            updated: first("updated_at", &["updated_at"]),
        }
    }

    /// Column of the id, for reports.
    pub fn key_column(&self) -> &str {
        self.source_of("job_id").unwrap_or("id")
    }

    /// Sentences about the members that no record had.
    pub fn unmet(&self) -> Vec<String> {
        let unmet = self
            .pairs
            .iter()
            .filter(|pair| !pair.met.load(Ordering::Relaxed));
        unmet
            .map(|pair| format!("no record has `{}`, which --map names", pair.source))
            .collect()
    }

    fn source_of(&self, target: &str) -> Option<&str> {
        let of = |pair: &&Pair| pair.target == Target::Field(target.to_owned());
        self.pairs.iter().find(of).map(|pair| pair.source.as_str())
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<_> = self
            .pairs
            .iter()
            .map(|pair| format!("{}={}", pair.source, pair.target))
            .collect();
        f.write_str(&pairs.join(","))
    }
}

#[cfg(test)]
mod tests;
