//! Runs of the importer, and their deletion.

pub(super) mod prune_imports;
pub(super) mod runs;
