//! Sessions of browsers: a cookie instead of the key, for twelve hours.
//!
//! The token is `{id}.{secret}`. The row has an HMAC of the hash of the key under the secret: who
//! reads the database cannot make a token of it, and a key that gets another text ends its
//! sessions. All sessions are in memory, as the keys are.

use super::{
    key_text::{self, Hash, from_hex},
    ring::Key,
};
use crate::{
    db::write::{EndSession, StartSession},
    error::{Error, Result},
    hex::hex,
    jobs::JobManager,
    lifecycle::Principal,
};
use chrono::TimeDelta;
use entity::session;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::Arc;
use subtle::ConstantTimeEq;

pub const SESSION_HOURS: i64 = 12;

/// Maximum number of sessions of a key; another one ends the oldest.
const MAX_OF_KEY: u64 = 100;

const ENDED: &str = "The session has ended: sign in again.";

impl JobManager {
    /// Starts a session with the key of this text, and returns its token. Other servers know it
    /// within two seconds.
    ///
    /// Errors: `unauthenticated`.
    pub async fn start_session(&self, key: &str) -> Result<(String, Arc<Principal>)> {
        let now = self.now();
        let key = self.keys.key_of(key, now)?;
        let (id, secret) = key_text::new_session()?;
        let key_id = key.principal.key_id.clone().unwrap_or_default();
        let mut audit = self.audit_row("start_session", None);
        audit.key_id = Some(key_id.clone());
        let row = session::Model {
            hash: hex(&hash(&key, &secret)?),
            id: id.clone(),
            key_id,
            created_at: now,
            ends_at: now + TimeDelta::hours(SESSION_HOURS),
        };
        let keep = MAX_OF_KEY;
        self.db.commit(StartSession { row, keep, audit }).await?;
        self.load_keys().await?;
        Ok((format!("{id}.{secret}"), key.principal.clone()))
    }

    /// Returns who has the session with this token.
    ///
    /// Errors: `unauthenticated`.
    pub fn session(&self, token: &str) -> Result<Arc<Principal>> {
        let ended = || Error::Unauthenticated(ENDED);
        let now = self.now();
        let (id, secret) = token.split_once('.').ok_or_else(ended)?;
        let row = self.keys.session(id).ok_or_else(ended)?;
        let key = self.keys.key(&row.key_id, now).ok_or_else(ended)?;
        let stored = from_hex(&row.hash).ok_or_else(ended)?;
        let is_same = bool::from(hash(&key, secret)?.ct_eq(&stored));
        if is_same && now < row.ends_at {
            Ok(key.principal.clone())
        } else {
            Err(ended())
        }
    }

    /// Ends the session with this token, on this server at once and on others within two seconds.
    /// One that has ended stays so.
    pub async fn end_session(&self, token: &str) -> Result<()> {
        let (Ok(principal), Some((id, _))) = (self.session(token), token.split_once('.')) else {
            return Ok(());
        };
        let mut audit = self.audit_row("end_session", None);
        audit.key_id.clone_from(&principal.key_id);
        let id = id.to_owned();
        self.db.commit(EndSession { id, audit }).await?;
        self.load_keys().await?;
        Ok(())
    }
}

fn hash(key: &Key, secret: &str) -> Result<Hash> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|error| Error::Internal(error.to_string()))?;
    mac.update(b"callsheet session ");
    mac.update(&key.hash);
    Ok(mac.finalize().into_bytes().into())
}
