//! Destinations of the outcomes of a run.

use super::{
    import_error::ImportError,
    report::{Outcome, Report},
    report_file::ReportFile,
};

/// Destinations of the outcomes: the report, its file, and the caller.
pub struct OutcomeLog<'a> {
    pub report: Report,
    pub file: Option<ReportFile>,
    pub on_outcome: &'a mut (dyn FnMut(&Outcome) + Send),
}

impl OutcomeLog<'_> {
    pub fn add(&mut self, outcomes: Vec<Outcome>) -> Result<(), ImportError> {
        for outcome in outcomes {
            (self.on_outcome)(&outcome);
            self.file
                .as_mut()
                .map_or(Ok(()), |file| file.add(&outcome))?;
            self.report.add(outcome);
        }
        Ok(())
    }
}
