//! One attempt at a job, as the function of a worker sees it.

use crate::{
    Item, ItemStatus, Job,
    lease::{ItemReport, Lease, Report, Reports, Stop, StopLevel},
};
use serde::Serialize;
use serde_json::Value;
use std::{collections::HashSet, fmt, future::Future, sync::Arc};

/// Reason why an attempt has to end.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Interruption {
    #[error("the job was cancelled")]
    Cancelled,
    #[error("the worker stops")]
    Stopping,
    #[error("the lease is lost: {0}")]
    LeaseLost(String),
    /// The server does not accept a report, which fails the attempt.
    #[error("a report was not taken: {0}")]
    Refused(String),
}

/// Error of a report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Interrupted(#[from] Interruption),
    #[error("the result of {key} cannot be written as JSON: {error}")]
    Unwritable {
        key: String,
        error: serde_json::Error,
    },
}

/// Attempt at a job. Clones report on the same one.
#[derive(Clone)]
pub struct Attempt(Arc<Inner>);

pub(super) struct Inner {
    pub job: Job,
    pub items: Vec<Item>,
    pub token: Option<String>,
    pub reports: Arc<Reports>,
    pub lease: Arc<Lease>,
    pub stop: Stop,
}

impl Attempt {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub fn job(&self) -> &Job {
        &self.0.job
    }

    /// Returns all items as they were when the attempt began, with the results of earlier attempts.
    pub fn items(&self) -> &[Item] {
        &self.0.items
    }

    /// Returns the items that no attempt finished.
    pub fn pending(&self) -> impl Iterator<Item = &Item> {
        self.0.items.iter().filter(|item| !item.status.is_done())
    }

    /// Returns the token with which a program may call the server about this job, until the lease
    /// ends. A server without keys gives one that it does not need.
    pub fn token(&self) -> Option<&str> {
        self.0.token.as_deref()
    }

    /// Says which items the job has, and returns those that no attempt finished.
    pub async fn plan<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<&'a str>, ReportError> {
        let known: HashSet<&str> = self.items().iter().map(|item| item.key.as_str()).collect();
        let done = self.items().iter().filter(|item| item.status.is_done());
        let done: HashSet<&str> = done.map(|item| item.key.as_str()).collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        let mut last = None;
        for key in keys.iter().filter(|key| !known.contains(*key)) {
            let item = item(key, ItemStatus::Pending);
            self.add(item.clone()).await;
            last = Some(item);
        }
        if let Some(last) = last {
            self.settled(&last).await?;
        }
        Ok(keys.into_iter().filter(|key| !done.contains(key)).collect())
    }

    /// Says that work on an item began. The server gets it with the next heartbeat.
    pub async fn start(&self, key: &str) -> Result<(), ReportError> {
        self.check()?;
        self.add(item(key, ItemStatus::Processing)).await;
        Ok(())
    }

    /// Says that an item is completed. When this returns, the server has it.
    pub async fn done(&self, key: &str, result: impl Serialize) -> Result<(), ReportError> {
        let result = serde_json::to_value(result).map_err(|error| ReportError::Unwritable {
            key: key.to_owned(),
            error,
        })?;
        let report = ItemReport {
            result: Some(result).filter(|result| !result.is_null()),
            ..item(key, ItemStatus::Completed)
        };
        self.report(report).await
    }

    /// Says that an item failed. When this returns, the server has it.
    pub async fn failed(&self, key: &str, error: impl fmt::Display) -> Result<(), ReportError> {
        let report = ItemReport {
            error: Some(error.to_string()),
            ..item(key, ItemStatus::Failed)
        };
        self.report(report).await
    }

    /// Says that an item is left out. When this returns, the server has it.
    pub async fn skip(&self, key: &str) -> Result<(), ReportError> {
        self.report(item(key, ItemStatus::Skipped)).await
    }

    /// Reports the progress in percent, which is clamped to 0 to 100, and what is being done. The
    /// server gets it with the next heartbeat.
    pub async fn progress(&self, percent: f64, stage: Option<&str>) -> Result<(), ReportError> {
        self.check()?;
        let report = Report {
            progress: Some(percent)
                .filter(|percent| !percent.is_nan())
                .map(|percent| percent.clamp(0.0, 100.0)),
            stage: stage.map(str::to_owned),
            ..Report::default()
        };
        self.while_it_lasts(self.0.reports.add(report)).await;
        Ok(())
    }

    /// Adds a line to the history of the job. The server gets it with the next heartbeat.
    pub async fn log(&self, line: impl Into<String>) {
        let log = self.0.reports.log(line.into());
        self.while_it_lasts(log).await;
    }

    /// Returns when the attempt has to end. After a cancel or a stop, the function has the grace
    /// time of the worker to end by itself; a result counts nevertheless after a stop.
    pub async fn interrupted(&self) -> Interruption {
        let mut lease = self.0.lease.watch();
        loop {
            if let Err(why) = self.check() {
                return why;
            }
            tokio::select! {
                // Both senders live as long as this attempt.
                _ = lease.changed() => {}
                () = self.0.stop.reached(StopLevel::Gently) => {}
            }
        }
    }

    /// Returns the interruption if there is one, for code that cannot wait for it.
    pub fn check(&self) -> Result<(), Interruption> {
        let lease = self.0.lease.now();
        if let Some(why) = lease.over {
            Err(Interruption::LeaseLost(why))
        } else if let Some(why) = lease.refused {
            Err(Interruption::Refused(why))
        } else if lease.cancel_requested {
            Err(Interruption::Cancelled)
        } else if self.0.stop.now() >= StopLevel::Gently {
            Err(Interruption::Stopping)
        } else {
            Ok(())
        }
    }

    async fn report(&self, item: ItemReport) -> Result<(), ReportError> {
        self.add(item.clone()).await;
        self.settled(&item).await
    }

    async fn add(&self, item: ItemReport) {
        let report = Report {
            item: Some(item),
            ..Report::default()
        };
        self.while_it_lasts(self.0.reports.add(report)).await;
    }

    /// Waits until the server has the item. A finished item is worth the wait although the attempt
    /// has to end, unless the server does not take it.
    async fn settled(&self, item: &ItemReport) -> Result<(), ReportError> {
        self.while_it_lasts(self.0.reports.settled(item)).await;
        Ok(self.check()?)
    }

    /// Waits until a report is buffered or sent, but no longer than the lease lasts: afterwards the
    /// server refuses reports.
    async fn while_it_lasts(&self, report: impl Future<Output = ()>) {
        let mut lease = self.0.lease.watch();
        let lost = async {
            // An error is impossible while this attempt has the sender.
            let _ = lease.wait_for(|lease| lease.over.is_some()).await;
        };
        tokio::select! {
            () = report => {}
            () = lost => {}
        }
    }
}

fn item(key: &str, status: ItemStatus) -> ItemReport {
    ItemReport {
        key: Some(key.to_owned()),
        status,
        ..ItemReport::default()
    }
}

/// Reads the job of a claim; the error names what is missing.
pub(super) fn read<T: serde::de::DeserializeOwned>(what: &str, value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("{what} cannot be read: {error}"))
}
