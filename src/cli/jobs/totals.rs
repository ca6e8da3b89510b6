//! Counts of the rows of a table of jobs, by what became of them.

use crate::cli::{Failure, import_progress::Progress, out::say_json};
use serde_json::json;
use std::process::ExitCode;

/// Refused rows that are printed; the others are only counted.
pub const MAX_PRINTED: u64 = 20;

/// Jobs that the run created, found and refused.
#[derive(Default)]
pub struct Totals {
    created: u64,
    already_there: u64,
    pub refused: u64,
}

/// What became of a row.
pub enum Done {
    Created(String),
    AlreadyThere(String),
    Refused(String),
}

impl Totals {
    /// Counts the outcome of a row, and prints what a program or a person has to know of it.
    pub fn add(
        &mut self,
        line: u64,
        outcome: &Done,
        json: bool,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let shown = match outcome {
            Done::Created(id) => {
                self.created += 1;
                json!({"line": line, "job_id": id, "created": true})
            }
            Done::AlreadyThere(id) => {
                self.already_there += 1;
                json!({"line": line, "job_id": id, "created": false})
            }
            Done::Refused(why) => {
                self.refused += 1;
                if self.refused <= MAX_PRINTED {
                    progress.beside(&format!("line {line}: {why}"));
                }
                json!({"line": line, "error": why})
            }
        };
        if json { say_json(&shown) } else { Ok(()) }
    }

    pub fn sentence(&self) -> String {
        let mut parts = vec![format!("{} created", plural(self.created, "job"))];
        if self.already_there > 0 {
            parts.push(format!("{} already there", self.already_there));
        }
        if self.refused > 0 {
            parts.push(format!("{} refused", plural(self.refused, "row")));
        }
        parts.join(", ")
    }

    pub fn exit_code(&self) -> ExitCode {
        if self.refused > 0 {
            ExitCode::from(3)
        } else {
            ExitCode::SUCCESS
        }
    }
}

pub fn plural(count: u64, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
