//! Keys: who may call the servers. They are in the database, and all of them in memory too.

mod create_key;
pub mod key_text;
pub mod ring;
mod session;

pub use create_key::{CreatedKey, MAX_KEY_NAME_CHARS, NewKey};
pub use ring::Access;
pub use session::SESSION_HOURS;

use crate::{
    db::write::{NoteKeysUsed, RevokeKey},
    error::{Error, Resource, Result},
    jobs::JobManager,
    lifecycle::Principal,
};
use entity::api_key;
use std::sync::Arc;

/// Minimum characters of the key in the settings.
pub const MIN_ADMIN_KEY_CHARS: usize = 24;

/// Returns whether a text has the form of a key that Callsheet made, and its checksum.
pub fn is_key_text(text: &str) -> bool {
    key_text::id_of(text).is_some()
}

impl JobManager {
    /// Lists all keys, oldest first; revoked ones too.
    pub async fn list_keys(&self) -> Result<Vec<api_key::Model>> {
        self.db.all_keys().await
    }

    /// Revokes a key. Other servers refuse it within two seconds.
    ///
    /// Errors: `key_not_found`.
    pub async fn revoke_key(&self, id: &str) -> Result<api_key::Model> {
        let id = existing(id)?;
        let revoke = RevokeKey {
            audit: self.audit_row("revoke_key", Some(&id)),
            id,
            now: self.now(),
        };
        let row = self.db.commit(revoke).await?;
        self.load_keys().await?;
        Ok(row)
    }

    /// Reads the keys and sessions again. Returns the number of keys.
    pub async fn load_keys(&self) -> Result<u64> {
        let _one_at_a_time = self.loading_keys.lock().await;
        // Sessions first: one of a key that is read is never without its key.
        let sessions = self.db.sessions(self.now()).await?;
        let rows = self.db.all_keys().await?;
        let found = rows.len() as u64;
        self.keys.load(rows, sessions);
        Ok(found)
    }

    /// Stores when keys were last used, for each at most once a minute.
    pub async fn note_keys_used(&self) -> Result<u64> {
        let used = self.keys.used();
        if used.is_empty() {
            return Ok(0);
        }
        let stored = used.len() as u64;
        self.db.commit(NoteKeysUsed(used)).await?;
        Ok(stored)
    }

    /// Returns when some process changed the keys.
    pub async fn keys_changed(&self) {
        let mut notices = self.db.change_bus().subscribe();
        while !notices.next().await.keys {}
    }

    /// Takes the key of the settings, which is an admin's.
    pub fn set_admin_key(&self, text: &str) {
        self.keys.set_admin_key(text);
    }

    /// Returns whether calls need a key.
    pub fn access(&self) -> Access {
        self.keys.access()
    }

    /// Returns who has the key with this text.
    ///
    /// Errors: `unauthenticated`.
    pub fn authenticate(&self, text: &str) -> Result<Arc<Principal>> {
        Ok(self.keys.key_of(text, self.now())?.principal.clone())
    }

    /// Returns whether the caller of an earlier call may still call, with the same role.
    pub fn is_still(&self, principal: &Principal) -> bool {
        match &principal.key_id {
            None => self.access() == Access::Open,
            Some(id) => {
                let key = self.keys.key(id, self.now());
                key.is_some_and(|key| key.principal.role == principal.role)
            }
        }
    }
}

/// Refuses ids that no key can have.
fn existing(id: &str) -> Result<String> {
    let plain = id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain
        .then(|| id.to_owned())
        .ok_or(Error::NotFound(Resource::Key))
}
