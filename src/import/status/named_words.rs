//! Words that the user names with `--status WORD=STATUS`.

use super::words::{alike, of_part, word};
use entity::{ItemStatus, JobStatus};

/// Words that the user names with `--status WORD=STATUS`, which come before all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusWords(Vec<(String, String)>);

impl StatusWords {
    /// Adds a pair `WORD=STATUS`.
    pub fn add(&mut self, pair: &str) -> Result<(), String> {
        let (word, status) = pair
            .rsplit_once('=')
            .ok_or_else(|| format!("`{pair}` has to be WORD=STATUS, for example done=completed"))?;
        let status = status.trim().to_ascii_lowercase();
        if job_named(&status).is_none() && item_named(&status).is_none() {
            return Err(format!(
                "`{status}` is no status: use queued, processing, completed, failed or cancelled, \
                and for items also pending or skipped"
            ));
        }
        self.0.push((word.trim().to_owned(), status));
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Status that the user named for a word of a job.
    pub fn job(&self, raw: &str) -> Option<JobStatus> {
        job_named(self.named(raw)?)
    }

    /// Status that the user named for a word of an item.
    pub fn item(&self, raw: &str) -> Option<ItemStatus> {
        let status = self.named(raw)?;
        item_named(status).or_else(|| job_named(status).map(of_part))
    }

    fn named(&self, raw: &str) -> Option<&str> {
        let raw = raw.trim();
        let found = self.0.iter().rev().find(|(known, _)| known == raw);
        let alike = || {
            self.0
                .iter()
                .rev()
                .find(|(known, _)| alike(known, word(raw)))
        };
        found.or_else(alike).map(|(_, status)| status.as_str())
    }
}

fn job_named(status: &str) -> Option<JobStatus> {
    Some(match status {
        "queued" => JobStatus::Queued,
        "processing" => JobStatus::Processing,
        "completed" => JobStatus::Completed,
        "failed" => JobStatus::Failed,
        "cancelled" => JobStatus::Cancelled,
        _ => return None,
    })
}

fn item_named(status: &str) -> Option<ItemStatus> {
    Some(match status {
        "pending" => ItemStatus::Pending,
        "processing" => ItemStatus::Processing,
        "completed" => ItemStatus::Completed,
        "failed" => ItemStatus::Failed,
        "skipped" => ItemStatus::Skipped,
        _ => return None,
    })
}
