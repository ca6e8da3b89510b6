//! callsheet: the export of Callsheet itself. The importer takes its rows unchanged: version,
//! history, items, series and episode.

use super::{Source, knows};
use crate::{
    db::write::ImportedJob,
    import::reject::{Reason, Reject},
    job_line::{self, NAMES, NotAJob},
};
use serde_json::{Map, Value};

pub struct Callsheet;

impl Source for Callsheet {
    fn name(&self) -> &'static str {
        "callsheet"
    }

    fn fields(&self) -> &'static [&'static str] {
        &NAMES
    }

    fn recognises(&self, record: &Map<String, Value>) -> bool {
        ["job_id", "job_type", "version", "items", "source_status"]
            .iter()
            .all(|name| knows(record, name))
    }
}

/// Parses an exported job into its rows, without its webhook: the history of the job is written
/// anew, and its endpoint, perhaps of another installation, would be sent all of it again.
pub fn rows(record: Map<String, Value>) -> Result<ImportedJob, Reject> {
    let mut rows = job_line::rows(record).map_err(|error| match error {
        NotAJob::MissingId => Reject::new(Reason::MissingId, "The job has an empty job_id."),
        NotAJob::Wrong(detail) => Reject::new(Reason::WrongType, detail),
    })?;
    rows.job.webhook = None;
    Ok(rows)
}
