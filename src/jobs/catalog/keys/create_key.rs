//! create_key and rotate_key: texts of keys, which are returned once and then only their hashes are
//! known.

use super::{existing, key_text};
use crate::{
    db::write::{InsertKey, RotateKey},
    error::Result,
    hex::hex,
    jobs::{JobManager, validate::Checks},
    lifecycle::Binding,
};
use chrono::{DateTime, Utc};
use entity::{Role, api_key};
use serde_json::json;
use std::collections::BTreeMap;

pub const MAX_KEY_NAME_CHARS: usize = 100;

/// Maximum number of types that a key is bound to.
const MAX_BOUND_TYPES: usize = 100;

/// Largest limit of a key.
const MAX_LIMIT: i32 = 1_000_000;

const LIMIT_BOUNDS: &str = "Use a number from 1 to 1000000, or leave it out for no limit.";

/// A key to create.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub name: String,
    pub role: Role,
    pub expires_at: Option<DateTime<Utc>>,
    /// Types and labels that the key is bound to.
    pub binding: Binding,
    /// Maximum requests a minute, on each server; `None` sets no limit.
    pub requests_per_minute: Option<i32>,
}

/// A key with its text. There is no `Debug`, so that the text does not get into a log.
pub struct CreatedKey {
    pub row: api_key::Model,
    pub text: String,
}

impl JobManager {
    /// Creates a key. From then on, every call needs one.
    ///
    /// Errors: `invalid_request`.
    pub async fn create_key(&self, new: NewKey) -> Result<CreatedKey> {
        let now = self.now();
        let mut checks = Checks::default();
        checks.name("/name", &new.name, MAX_KEY_NAME_CHARS);
        checks.filled("/name", &new.name, MAX_KEY_NAME_CHARS);
        checks.time("/expires_at", new.expires_at);
        if new.expires_at.is_some_and(|end| end <= now) {
            let detail = "Use a time in the future, or leave expires_at out.";
            checks.fail("/expires_at", "out_of_range", detail);
        }
        let types = new.binding.job_types.iter().enumerate();
        types.for_each(|(i, one)| checks.job_type(format_args!("/job_types/{i}"), one));
        if new.binding.job_types.len() > MAX_BOUND_TYPES {
            let detail = format!("Bind a key to at most {MAX_BOUND_TYPES} types.");
            checks.fail("/job_types", "too_many", detail);
        }
        let labels: BTreeMap<_, _> = new.binding.labels.iter().cloned().collect();
        checks.labels("/labels", &labels);
        let limit = new.requests_per_minute;
        if limit.is_some_and(|limit| !(1..=MAX_LIMIT).contains(&limit)) {
            checks.fail("/requests_per_minute", "out_of_range", LIMIT_BOUNDS);
        }
        checks.finish()?;
        let Binding { job_types, .. } = new.binding;
        let id = key_text::new_id()?;
        let text = key_text::new_text(&id)?;
        let audit = self.audit_row("create_key", Some(&id));
        let row = api_key::Model {
            id,
            name: new.name,
            role: new.role,
            hash: hex(&key_text::hash(&text)),
            job_types: (!job_types.is_empty()).then(|| json!(job_types)),
            labels: (!labels.is_empty()).then(|| json!(labels)),
            requests_per_minute: new.requests_per_minute,
            created_at: now,
            // The key of the settings has no row.
            created_by: self.caller_id().filter(|id| existing(id).is_ok()),
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let row = self.db.commit(InsertKey { row, audit }).await?;
        self.load_keys().await?;
        Ok(CreatedKey { row, text })
    }

    /// Gives a key another text, which keeps its id, name and role. Other servers refuse the former
    /// text within two seconds.
    ///
    /// Errors: `key_not_found`, `key_revoked`.
    pub async fn rotate_key(&self, id: &str) -> Result<CreatedKey> {
        let id = existing(id)?;
        let text = key_text::new_text(&id)?;
        let hash = hex(&key_text::hash(&text));
        let audit = self.audit_row("rotate_key", Some(&id));
        let row = self.db.commit(RotateKey { id, hash, audit }).await?;
        self.load_keys().await?;
        Ok(CreatedKey { row, text })
    }
}
