//! create_key and rotate_key: texts of keys, which are returned once and then only their hashes are
//! known.

use super::{existing, key_text};
use crate::{
    db::write::{InsertKey, RotateKey},
    error::Result,
    jobs::{JobManager, validate::Checks},
};
use chrono::{DateTime, Utc};
use entity::{Role, api_key};

pub const MAX_KEY_NAME_CHARS: usize = 100;

/// A key to create.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub name: String,
    pub role: Role,
    pub expires_at: Option<DateTime<Utc>>,
    /// Key of the caller.
    pub created_by: Option<String>,
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
        checks.finish()?;
        let id = key_text::new_id()?;
        let text = key_text::new_text(&id)?;
        let row = api_key::Model {
            id,
            name: new.name,
            role: new.role,
            hash: key_text::to_hex(&key_text::hash(&text)),
            job_types: None,
            labels: None,
            requests_per_minute: None,
            max_queued: None,
            created_at: now,
            // The key of the settings has no row.
            created_by: new.created_by.filter(|id| existing(id).is_ok()),
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let row = self.db.commit(InsertKey(row)).await?;
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
        let hash = key_text::to_hex(&key_text::hash(&text));
        let row = self.db.commit(RotateKey { id, hash }).await?;
        self.load_keys().await?;
        Ok(CreatedKey { row, text })
    }
}
