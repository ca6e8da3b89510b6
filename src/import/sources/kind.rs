//! Kind of a store, and its source.

use super::{
    Source, callsheet, comic, draftmaker, source::Mapped, topclip, vedo_cache, vedo_jobs,
    vedo_pipeline, vedo_table, web2img,
};
use serde_json::{Map, Value};
use std::{fmt, str::FromStr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    VedoJobs,
    VedoPipeline,
    VedoCache,
    VedoTable,
    Web2img,
    Topclip,
    Comic,
    Draftmaker,
    Callsheet,
    /// Any other store, by the user's map.
    Mapped,
}

impl SourceKind {
    /// The known stores.
    pub const ALL: [SourceKind; 9] = [
        SourceKind::VedoJobs,
        SourceKind::VedoPipeline,
        SourceKind::VedoCache,
        SourceKind::VedoTable,
        SourceKind::Web2img,
        SourceKind::Topclip,
        SourceKind::Comic,
        SourceKind::Draftmaker,
        SourceKind::Callsheet,
    ];

    pub fn source(self) -> &'static dyn Source {
        match self {
            SourceKind::VedoJobs => &vedo_jobs::VedoJobs,
            SourceKind::VedoPipeline => &vedo_pipeline::VedoPipeline,
            SourceKind::VedoCache => &vedo_cache::VedoCache,
            SourceKind::VedoTable => &vedo_table::VedoTable,
            SourceKind::Web2img => &web2img::Web2img,
            SourceKind::Topclip => &topclip::Topclip,
            SourceKind::Comic => &comic::Comic,
            SourceKind::Draftmaker => &draftmaker::Draftmaker,
            SourceKind::Callsheet => &callsheet::Callsheet,
            SourceKind::Mapped => &Mapped,
        }
    }

    pub fn name(self) -> &'static str {
        self.source().name()
    }

    /// Finds the store of a record by its fields.
    pub fn recognise(record: &Map<String, Value>) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.source().recognises(record))
    }

    /// Whether the records of any store have a field of this name.
    pub fn knows_field(name: &str) -> bool {
        Self::ALL
            .into_iter()
            .any(|kind| kind.source().fields().contains(&name))
    }

    /// Names of all stores, for messages.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SourceKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("unknown source `{name}`; use one of: {}", Self::names()))
    }
}

#[cfg(test)]
mod tests;
