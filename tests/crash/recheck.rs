//! What a client looks at when another server serves, and at the end.

use super::{
    ask::LONG_LEASE,
    client::{Client, list},
    entry::{Entry, time},
    ledger::Fault,
};
use chrono::TimeDelta;
use reqwest::StatusCode;
use std::collections::BTreeSet;

impl Client {
    /// Looks at each job that was answered since the last look, for the jobs that were deleted
    /// since, and at the active jobs and the series.
    pub async fn look_after_restart(&mut self) {
        let (unchecked, checked): (Vec<_>, Vec<_>) = std::mem::take(&mut self.live)
            .into_iter()
            .partition(|entry| entry.unchecked);
        self.live = checked;
        for mut entry in unchecked {
            let outcome = self.look(&mut entry, None, false).await.map(drop);
            self.keep(entry, outcome);
        }
        let deleted = std::mem::take(&mut self.just_deleted);
        self.are_gone(deleted).await;
        self.check_active().await;
        self.check_series().await;
    }

    /// Ends what is under way, and looks at all jobs that there are or have been.
    pub async fn end(&mut self) {
        while self.dump.is_some() {
            self.step_import().await;
        }
        for mut entry in std::mem::take(&mut self.live) {
            if entry.is_leased() && self.ends_soon(&entry) {
                self.delete(entry).await;
            } else {
                let outcome = self.look(&mut entry, None, false).await.map(drop);
                self.keep(entry, outcome);
            }
        }
        let live = std::mem::take(&mut self.live);
        for mut entry in std::mem::take(&mut self.ledger.entries) {
            let outcome = self.look(&mut entry, None, false).await.map(drop);
            self.keep(entry, outcome);
        }
        self.live.extend(live);
        self.are_gone(self.ledger.deleted.keys().cloned().collect())
            .await;
        self.check_active().await;
        self.check_series().await;
        self.ledger.entries = std::mem::take(&mut self.live);
    }

    /// The lease, or one that the client does not know of, may end before the verdict.
    fn ends_soon(&self, entry: &Entry) -> bool {
        let long = TimeDelta::seconds(i64::from(LONG_LEASE) / 2);
        let updated = time(&entry.job["updated_at"]);
        entry
            .expiry()
            .zip(updated)
            .is_none_or(|(expiry, updated)| expiry - updated < long)
    }

    async fn are_gone(&mut self, ids: Vec<String>) {
        for id in ids {
            let answer = self.wire.get(&format!("/jobs/{id}")).await;
            if answer.status != StatusCode::NOT_FOUND {
                self.fault(Fault::Lost(format!(
                    "the deleted job {id} is back: {}",
                    answer.body
                )));
            }
        }
    }

    async fn check_active(&mut self) {
        let answer = self
            .wire
            .get(&format!("/active-jobs?client_id={}", self.job_type()))
            .await;
        let found: BTreeSet<String> = list(&answer, "active_jobs")
            .iter()
            .filter_map(|a| a["job"]["job_id"].as_str().map(str::to_owned))
            .collect();
        let mut missing = Vec::new();
        // A job whose lease ends may end with it at any moment.
        let sure = |entry: &&Entry| !entry.is_leased() || !self.ends_soon(entry);
        for entry in self.live.iter().chain(&self.ledger.entries).filter(sure) {
            if entry.active != found.contains(&entry.id) {
                missing.push(format!(
                    "{} is active: {}, and has to be: {}",
                    entry.id, !entry.active, entry.active
                ));
            }
        }
        missing
            .into_iter()
            .for_each(|what| self.fault(Fault::Lost(what)));
    }
}
