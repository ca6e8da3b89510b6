//! The audit: who called what that changes something. Kept for 90 days.

mod calls;

pub use crate::db::AuditFilter;
pub use calls::{AuditCalls, Call};

use crate::{
    db::{
        Part,
        write::{InsertAudit, PruneAudit},
    },
    error::Result,
    jobs::{JobManager, validate},
    lifecycle::Cursor,
};
use chrono::TimeDelta;
use entity::audit;

/// Time for which a call is kept.
const KEEP: TimeDelta = TimeDelta::days(90);

/// Maximum rows that one transaction deletes; other writers run in between.
const MAX_BATCH: u64 = 2000;

/// Who asks for a change, for the audit. By default the command line, which has no key.
#[derive(Clone, Debug, Default)]
pub struct Asker {
    pub key_id: Option<String>,
    pub request_id: Option<String>,
}

impl JobManager {
    /// Returns the service for one caller, whose changes of keys and sessions are stored in the
    /// audit under its name.
    pub fn asked_by(&self, asker: Asker) -> Self {
        Self {
            asker,
            ..self.clone()
        }
    }

    /// Returns the row of a change that belongs in its own transaction.
    pub(in crate::jobs) fn audit_row(&self, operation: &str, target: Option<&str>) -> audit::Model {
        audit::Model {
            id: self.chance.id(),
            at: self.now(),
            key_id: self.asker.key_id.clone(),
            operation: operation.to_owned(),
            target: target.map(str::to_owned),
            request_id: self.asker.request_id.clone(),
            status: 200,
            calls: 1,
        }
    }

    /// Returns the calls that are not stored yet, to add one.
    pub fn audit_calls(&self) -> &AuditCalls {
        &self.audit
    }

    /// Stores the calls that are due, or all. Returns the number of rows.
    pub async fn store_audit(&self, all: bool) -> Result<u64> {
        let rows = self.audit.take_due(self.now(), all, || self.chance.id());
        if rows.is_empty() {
            return Ok(0);
        }
        let stored = rows.len() as u64;
        let insert = self.db.commit(InsertAudit(rows.clone()));
        if let Err(error) = insert.await {
            self.audit.put_back(rows);
            return Err(error);
        }
        Ok(stored)
    }

    /// Deletes calls that are 90 days old. Returns their number.
    pub async fn prune_audit(&self) -> Result<u64> {
        let before = self.now() - KEEP;
        let mut deleted = 0;
        loop {
            let prune = PruneAudit {
                before,
                at_most: MAX_BATCH,
            };
            let batch = self.db.commit(prune).await?;
            deleted += batch;
            if batch < MAX_BATCH {
                return Ok(deleted);
            }
        }
    }

    /// Lists the stored calls that match, newest first.
    ///
    /// Errors: `invalid_request`.
    pub async fn list_audit(
        &self,
        filter: &AuditFilter,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<Part<audit::Model>> {
        for (name, text) in [("key_id", &filter.key_id), ("operation", &filter.operation)] {
            if let Some(text) = text {
                validate::no_nul_parameter(name, text)?;
            }
        }
        self.db.audit(filter, after, limit).await
    }
}
