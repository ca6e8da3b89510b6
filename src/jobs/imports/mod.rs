//! Runs of the importer, and their deletion.

mod list_imports;
pub(super) mod prune_imports;
pub(super) mod runs;
