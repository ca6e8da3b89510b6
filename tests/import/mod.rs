//! The importer and the export, through the service, on both databases: what comes of the samples of each store, and
//! of what is wrong with a dump.

mod again;
mod bad;
mod dump;
mod export;
mod fields;
mod samples;
mod truth;
