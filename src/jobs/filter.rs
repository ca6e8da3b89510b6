//! Checks of a filter, and the permits of text searches.

use crate::{
    error::{Error, FieldError, Result},
    jobs::{JobManager, validate},
    lifecycle::{Filter, MAX_SIGNATURE_CHARS, whole_micros},
};
use chrono::Datelike;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::timeout;

/// Maximum number of characters in a search text. The longer the text, the longer the comparison
/// with a text that almost contains it.
pub const MAX_TEXT_CHARS: usize = 100;

/// Maximum time that a text search waits for its permit.
const SEARCH_PERMIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum number of concurrent text searches; others wait. No index covers the contents of a text,
/// so a search without a match examines every job: a few at once would take the connections that
/// all other reads need.
pub(super) const MAX_SEARCHES: usize = 2;

impl JobManager {
    /// Runs the query of a filter; a text search waits for a permit first. The permit is held until
    /// the database has answered, even if the caller is gone: the query continues, and keeps its
    /// connection.
    pub(super) async fn in_turn<T: Send + 'static>(
        &self,
        filter: &Filter,
        look: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        if !filter.searches_text() {
            return look.await;
        }
        let broken = |error: &dyn std::fmt::Display| {
            Error::Internal(format!("a search ended early: {error}"))
        };
        let turn = timeout(SEARCH_PERMIT_TIMEOUT, self.searches.clone().acquire_owned())
            .await
            .map_err(|_| Error::Full("text searches"))?;
        let turn = turn.map_err(|error| broken(&error))?;
        let looking = tokio::spawn(async move {
            let found = look.await;
            drop(turn);
            found
        });
        looking.await.map_err(|error| broken(&error))?
    }
}

impl Filter {
    pub(super) fn check(&self) -> Result<()> {
        let labels: BTreeSet<_> = self.labels.iter().collect();
        if labels.len() > validate::LABELS {
            let detail = format!(
                "Too many labels: filter by at most {}, the maximum of a job.",
                validate::LABELS
            );
            return Err(Error::invalid(FieldError::parameter(
                "label", "too_many", detail,
            )));
        }
        for (key, value) in labels {
            if !validate::is_label_key(key) || value.contains('\0') {
                let detail = "Use label=KEY=VALUE, with 1 to 63 of the characters A-Z a-z 0-9 . _ \
                    / - as the key.";
                return Err(Error::invalid(FieldError::parameter(
                    "label",
                    "invalid_label",
                    detail,
                )));
            }
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
