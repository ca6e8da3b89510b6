//! Retention: how long ended jobs are kept, and their removal after that.

mod looks;
mod media;
mod preview_retention;
mod run_retention;

pub use looks::TimeLooks;
pub use preview_retention::{RetentionCount, RetentionPreview};
pub use run_retention::RetentionRun;

use crate::{
    error::Result,
    jobs::{ArchiveStore, JobManager, catalog::queues::own_rule},
    lifecycle::{KeepRule, KeepRules},
};
use std::sync::{Arc, PoisonError, RwLock};

/// How long this server keeps ended jobs by default, and where it archives them.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    pub keep: KeepRule,
    pub archive: Option<ArchiveStore>,
}

/// The setting of a server, which is known after its start.
pub type SharedStorage = Arc<RwLock<Storage>>;

impl JobManager {
    /// Sets how long ended jobs are kept by default, and where they are archived.
    pub fn set_storage(&self, storage: Storage) {
        *self.storage.write().unwrap_or_else(PoisonError::into_inner) = storage;
    }

    pub(in crate::jobs) fn storage(&self) -> Storage {
        let storage = self.storage.read();
        storage.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the rules of all types: those of the queues, and the default of this server.
    pub async fn keep_rules(&self) -> Result<KeepRules> {
        let default = self.storage().keep;
        let own = self.db.all_queues().await?.into_iter().map(|queue| {
            let rule = default.with(own_rule(&queue));
            (queue.job_type, rule)
        });
        Ok(KeepRules {
            default,
            by_type: own.collect(),
        })
    }
}
