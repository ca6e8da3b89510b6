//! What a call of an operation needs where callers have keys.

use super::Operation;
use crate::jobs::Permission::{self, *};
use entity::Role;

/// What a call needs where callers have keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: anyone may call.
    Public,
    /// Nothing for the status alone, a key for the rest.
    Status,
    /// Any valid key.
    Key,
    /// A key whose role has the permission.
    Permission(Permission),
}

pub const READ: Need = Need::Permission(JobsRead);
pub const CREATE: Need = Need::Permission(JobsCreate);
pub const CHANGE: Need = Need::Permission(JobsChange);
pub const DELETE: Need = Need::Permission(JobsDelete);
pub const CLAIM: Need = Need::Permission(JobsClaim);
pub const REPORT: Need = Need::Permission(JobsReport);
pub const ACTIVE: Need = Need::Permission(ActiveWrite);
pub const QUEUES: Need = Need::Permission(QueuesWrite);
pub const SERIES: Need = Need::Permission(SeriesWrite);
pub const SCHEDULES: Need = Need::Permission(SchedulesWrite);
pub const WEBHOOKS_READ: Need = Need::Permission(WebhooksRead);
pub const WEBHOOKS: Need = Need::Permission(WebhooksManage);
pub const ACTIONS: Need = Need::Permission(ActionsRun);
pub const IMPORTS: Need = Need::Permission(ImportsRun);
pub const BACKUPS: Need = Need::Permission(BackupsRun);
pub const KEYS: Need = Need::Permission(KeysManage);
pub const AUDIT: Need = Need::Permission(AuditRead);

/// Codes that nearly every operation may return where callers have keys.
pub const AUTH_CODES: [&str; 5] = [
    "unauthenticated",
    "too_many_failures",
    "rate_limited",
    "too_many_waits",
    "role_missing",
];

impl Operation {
    /// Returns the codes of the operation's problems that say that the caller may not call it.
    pub fn auth_codes(&self) -> Vec<&'static str> {
        let mut codes = match self.need {
            Need::Public | Need::Status => return Vec::new(),
            Need::Key => AUTH_CODES[..4].to_vec(),
            Need::Permission(_) => AUTH_CODES.to_vec(),
        };
        codes.extend(self.has_own_jobs_rule().then_some("not_own_job"));
        codes.extend(self.code_of_bound());
        codes
    }

    /// Returns whether creators may call the operation only for the jobs that their key created.
    pub fn has_own_jobs_rule(&self) -> bool {
        match self.need {
            // It creates a job, from the items of one that is there.
            Need::Permission(permission) => {
                permission.is_of_own(Role::Creator) || self.id == "retry_failed_items"
            }
            _ => false,
        }
    }
}
