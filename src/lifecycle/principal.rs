//! Caller of the service: its key, and what its role lets it do with a job.

use super::Binding;
use crate::key_limits::KeyLimits;
use entity::{Role, job};

/// Who makes a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Id of the key; `None` on a server without keys, which is open.
    pub key_id: Option<String>,
    pub name: String,
    pub role: Role,
    /// Jobs that there are for the caller.
    pub binding: Binding,
    pub limits: KeyLimits,
}

impl Principal {
    /// The caller of a server that has no keys.
    pub fn anyone() -> Self {
        Self {
            key_id: None,
            name: "anyone".to_owned(),
            role: Role::Admin,
            binding: Binding::default(),
            limits: KeyLimits::default(),
        }
    }

    /// Returns whether the caller may change only the jobs that its own key created.
    pub fn has_own_jobs_only(&self) -> bool {
        self.role == Role::Creator
    }

    /// Returns whether the caller's role lets it change the job.
    pub fn may_change(&self, job: &job::Model) -> bool {
        !self.has_own_jobs_only() || (self.key_id.is_some() && job.created_by == self.key_id)
    }
}
