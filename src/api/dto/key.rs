//! Keys and sessions in requests and responses.

use super::{Time, same::same};
use crate::jobs::{self, Binding, Permission, Principal};
use chrono::{DateTime, Utc};
use entity::{Role, api_key};
use poem_openapi::{Enum, Object};
use std::collections::BTreeMap;

/// Role of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum KeyRole {
    /// Reads everything, and changes nothing.
    Reader,
    /// Reads, creates jobs, and changes, cancels and deletes the jobs that it created.
    Creator,
    /// Reads, claims jobs, and reports on them.
    Worker,
    /// Does what creators and workers do, changes and deletes jobs, sets queues, runs actions, and
    /// keeps schedules and series.
    Operator,
    /// Does everything: keys and imports too.
    Admin,
}

same!(
    KeyRole = Role {
        Reader,
        Creator,
        Worker,
        Operator,
        Admin,
    }
);

/// A key to create.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewKey {
    /// Name of the key, for people: who has it, or what for.
    #[oai(validator(min_length = 1, max_length = 100))]
    pub name: String,
    /// Role of the key.
    pub role: KeyRole,
    /// Time from which on the key is refused; without it, the key is valid until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
    /// Binds the key to jobs of these types: there are no others for its callers.
    #[oai(validator(min_items = 1, max_items = 100))]
    pub job_types: Option<Vec<String>>,
    /// Binds the key to jobs with all of these labels: there are no others for its callers, and
    /// the jobs that it creates get them.
    #[oai(validator(min_properties = 1, max_properties = 16))]
    pub labels: Option<BTreeMap<String, String>>,
    /// Maximum requests a minute with the key, on each server; without it, there is no limit.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000000")))]
    pub requests_per_minute: Option<i32>,
}

/// A key, without its text.
#[derive(Debug, Object)]
pub struct Key {
    /// Id of the key, which is also a part of its text.
    key_id: String,
    /// Name of the key.
    name: String,
    /// Role of the key.
    role: KeyRole,
    /// Types of the jobs that the key is bound to; null for all types.
    job_types: Option<Vec<String>>,
    /// Labels of the jobs that the key is bound to; null for none.
    labels: Option<BTreeMap<String, String>>,
    /// Time when the key was created.
    created_at: Time,
    /// Key that created it; null for the command line, and for the key of the settings.
    created_by: Option<String>,
    /// Time from which on the key is refused.
    expires_at: Option<Time>,
    /// Time of its last use, to within about two minutes.
    last_used_at: Option<Time>,
    /// Maximum requests a minute, on each server; null for no limit.
    requests_per_minute: Option<i32>,
    /// Time when it was revoked.
    revoked_at: Option<Time>,
}

/// A key with its text, which the server returns only here.
#[derive(Debug, Object)]
pub struct CreatedKey {
    /// Id of the key, which is also a part of its text.
    key_id: String,
    /// Name of the key.
    name: String,
    /// Role of the key.
    role: KeyRole,
    /// Types of the jobs that the key is bound to; null for all types.
    job_types: Option<Vec<String>>,
    /// Labels of the jobs that the key is bound to; null for none.
    labels: Option<BTreeMap<String, String>>,
    /// Text of the key, to send as `Authorization: Bearer …`.
    key: String,
    /// Time from which on the key is refused.
    expires_at: Option<Time>,
}

/// All keys, oldest first.
#[derive(Debug, Object)]
pub struct KeyList {
    /// The keys, oldest first.
    pub keys: Vec<Key>,
}

/// A session to start.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewSession {
    /// Text of a key.
    #[oai(validator(min_length = 1, max_length = 255))]
    pub key: String,
}

/// The caller of the API.
#[derive(Debug, Object)]
pub struct Session {
    /// Id of the caller's key; null on a server without keys.
    key_id: Option<String>,
    /// Name of the caller's key.
    name: String,
    /// Role of the caller's key.
    role: KeyRole,
    /// Types of the jobs that the caller is bound to; null for all types.
    job_types: Option<Vec<String>>,
    /// Labels of the jobs that the caller is bound to; null for none.
    labels: Option<BTreeMap<String, String>>,
    /// What the role may do, e.g. `jobs:create`.
    permissions: Vec<String>,
    /// Whether the caller may change and delete only the jobs that its own key created.
    own_jobs_only: bool,
    /// Whether the server has no keys, so that everyone may do everything.
    open: bool,
}

impl Session {
    pub fn of(principal: &Principal) -> Self {
        let Binding { job_types, labels } = &principal.binding;
        let may = Permission::ALL
            .into_iter()
            .filter(|permission| permission.is_of(principal.role));
        Self {
            key_id: principal.key_id.clone(),
            name: principal.name.clone(),
            role: principal.role.into(),
            job_types: (!job_types.is_empty()).then(|| job_types.clone()),
            labels: (!labels.is_empty()).then(|| labels.iter().cloned().collect()),
            permissions: may.map(|permission| permission.name().to_owned()).collect(),
            own_jobs_only: principal.has_own_jobs_only(),
            open: principal.key_id.is_none(),
        }
    }
}

impl From<NewKey> for jobs::NewKey {
    fn from(new: NewKey) -> Self {
        Self {
            name: new.name,
            role: new.role.into(),
            expires_at: new.expires_at,
            binding: Binding::new(
                new.job_types.unwrap_or_default(),
                new.labels.unwrap_or_default(),
            ),
            requests_per_minute: new.requests_per_minute,
        }
    }
}

impl From<api_key::Model> for Key {
    fn from(row: api_key::Model) -> Self {
        Self {
            key_id: row.id,
            name: row.name,
            role: row.role.into(),
            job_types: row
                .job_types
                .and_then(|types| serde_json::from_value(types).ok()),
            labels: row
                .labels
                .and_then(|labels| serde_json::from_value(labels).ok()),
            created_at: row.created_at.into(),
            created_by: row.created_by,
            expires_at: row.expires_at.map(Into::into),
            last_used_at: row.last_used_at.map(Into::into),
            requests_per_minute: row.requests_per_minute,
            revoked_at: row.revoked_at.map(Into::into),
        }
    }
}

impl From<jobs::CreatedKey> for CreatedKey {
    fn from(created: jobs::CreatedKey) -> Self {
        let row = created.row;
        Self {
            key_id: row.id,
            name: row.name,
            role: row.role.into(),
            job_types: row
                .job_types
                .and_then(|types| serde_json::from_value(types).ok()),
            labels: row
                .labels
                .and_then(|labels| serde_json::from_value(labels).ok()),
            key: created.text,
            expires_at: row.expires_at.map(Into::into),
        }
    }
}
