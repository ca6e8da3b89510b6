//! The importer and the export, through the service, on both databases: what comes of the samples
//! of each store, and of what is wrong with a dump.

mod again;
mod bad;
pub mod dump;
mod export;
mod fields;
mod hostile;
mod interrupted;
mod kept_as_it_was;
mod mapped;
mod newest;
mod places;
mod postgres_stores;
mod redis;
mod refused_addresses;
mod samples;
mod sqlite_files;
mod trial_shapes;
mod trial_times;
mod trial_words;
mod trials;
mod truth;
mod untrusted;
