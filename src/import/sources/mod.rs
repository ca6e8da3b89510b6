//! Legacy stores, one per file. Each source recognises its records by their fields, and reads one
//! into a [`Record`](super::record::Record).
//!
//! A new store needs a new file, a variant of [`SourceKind`] and its line in
//! [`SourceKind::source`].

pub mod callsheet;
mod comic;
mod context;
mod draftmaker;
mod firestore;
mod items;
mod kind;
mod members;
mod shots;
mod source;
pub mod topclip;
mod vedo_cache;
mod vedo_jobs;
mod vedo_pipeline;
mod vedo_table;
mod web2img;

pub use context::Context;
pub use kind::SourceKind;
pub use source::Source;

use members::{count_of, has, has_type, knows, result_of};
