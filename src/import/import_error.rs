//! Failure of a whole run.

use super::reject::Reject;
use crate::error::Error;
use std::path::PathBuf;

/// Failure of a whole run. A record that cannot be imported is an outcome, not a failure.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("there is nothing to import: name one or more files")]
    NoFiles,
    #[error(
        "the report cannot be written to {}: it is one of the sources, or lies in one, and would \
        change it. Name another file.",
        .0.display()
    )]
    ReportInSource(PathBuf),
    #[error("none of the sources can be read. {}", listed(.0))]
    NoneReadable(Vec<(PathBuf, Reject)>),
    #[error("the report {} cannot be written: {source}. What came in until then is whole.", path.display())]
    Report {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "the import stopped: {0} All jobs imported so far are complete; run the import again to \
        continue."
    )]
    Database(#[from] Error),
}

fn listed(files: &[(PathBuf, Reject)]) -> String {
    files
        .iter()
        .map(|(file, reject)| format!("{}: {}", file.display(), reject.detail))
        .collect::<Vec<_>>()
        .join(" ")
}
