//! Checks of a filter: the texts, the labels and the times that a list may ask for.

use crate::{
    error::{Error, FieldError, Result},
    jobs::validate::{self, MAX_TEXT_CHARS},
    lifecycle::{Filter, MAX_SIGNATURE_CHARS, whole_micros},
};
use chrono::Datelike;
use std::collections::BTreeSet;

impl Filter {
    pub(in crate::jobs) fn check(&self) -> Result<()> {
        let labels: BTreeSet<_> = self.labels.iter().collect();
        if labels.len() > validate::MAX_LABELS {
            let detail = format!(
                "Too many labels: filter by at most {}, the maximum of a job.",
                validate::MAX_LABELS
            );
            return Err(Error::invalid(FieldError::parameter(
                "label", "too_many", detail,
            )));
        }
        for (key, value) in labels {
            validate::label_parameter(key, value)?;
        }
        let texts = [
            ("job_type", &self.job_type),
            ("mode", &self.mode),
            ("series_id", &self.series_id),
            ("episode_id", &self.episode_id),
            ("created_by", &self.created_by),
            ("error", &self.error),
            ("worker_id", &self.worker_id),
            ("q", &self.q),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                validate::no_nul_parameter(name, text)?;
            }
        }
        if self
            .error
            .as_ref()
            .is_some_and(|error| error.chars().count() > usize::from(MAX_SIGNATURE_CHARS))
        {
            let detail = format!("Use at most {MAX_SIGNATURE_CHARS} characters of the error.");
            return Err(Error::invalid(FieldError::parameter(
                "error", "too_long", detail,
            )));
        }
        if self
            .q
            .as_ref()
            .is_some_and(|q| q.chars().count() > MAX_TEXT_CHARS)
        {
            let detail = format!("Look for a text of at most {MAX_TEXT_CHARS} characters.");
            return Err(Error::invalid(FieldError::parameter(
                "q", "too_long", detail,
            )));
        }
        for (name, time) in [
            ("created_after", self.created_after),
            ("created_before", self.created_before),
            ("ended_after", self.ended_after),
            ("ended_before", self.ended_before),
        ] {
            // SQLite compares times as text, which sorts only years of four digits.
            if time.is_some_and(|t| !(0..=9999).contains(&whole_micros(t).year())) {
                let detail = "The year is out of range: use a time in the years 0 to 9999.";
                return Err(Error::invalid(FieldError::parameter(
                    name,
                    "out_of_range",
                    detail,
                )));
            }
        }
        Ok(())
    }
}
