//! Imports the jobs of legacy stores: reads their dumps, writes every job that it can, and reports
//! the outcome of each record.
//!
//! [`split`] finds the records of a file. The source that recognises a record ([`sources`]), or the
//! user's map of an unknown store ([`mapping`]), reads it into one common shape ([`record`]), by
//! rules with one table each ([`status`], [`times`], [`progress`], [`names`]); [`rules`] names the
//! repair rules and explains them. [`load`] writes batches. A value without a column goes to the
//! job's `context` ([`legacy`]). A record that cannot be imported goes to `import_rejects`, with
//! its raw text and a [`Reason`]. What was taken for granted is reported once for all records
//! ([`assumed`]). Importing the same files again changes nothing.

mod allowance;
mod assumed;
mod background;
mod bounds;
mod disk;
mod explain;
mod fields;
mod guess;
mod identity;
mod import_error;
mod in_flight;
mod interrupted;
mod json;
mod legacy;
mod load;
mod load_sources;
mod mapping;
mod names;
mod newest;
mod options;
mod outcome_log;
mod progress;
mod read;
mod record;
mod reject;
mod repair;
mod report;
mod report_file;
mod rules;
mod run;
mod secrets;
mod seen;
mod sources;
mod split;
mod status;
mod stop;
mod temporary;
mod text;
mod times;
mod watchdog;

pub use crate::db::write::OnConflict;
pub use background::{Background, ImportPermit, MAX_ADMITTED, MAX_UPLOADS, Settings};
pub use disk::DiskReserve;
pub use explain::explain;
pub use import_error::ImportError;
pub use interrupted::Interrupted;
pub use legacy::Repair;
pub use mapping::{Format, Mapping};
pub use options::Options;
pub use read::{SqliteArguments, read_sqlite};
pub use reject::{Reason, Reject};
pub use report::{Counts, FileReport, Outcome, Position, RecordOutcome, Report};
pub use run::{begin, run, run_as};
pub use sources::SourceKind;
pub use status::StatusWords;
pub use stop::{StopFlag, StopReason};
pub use temporary::{Temporary, sweep};
