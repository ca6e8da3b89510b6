//! Sessions of browsers: a cookie instead of the key, for twelve hours.
//!
//! The token names the key and its own end, and is signed with the hash of the key's text. So every
//! server of the database takes it, none stores it, and it ends with its key.

use super::{
    key_text::{Hash, from_hex, to_hex},
    ring::{Key, Principal},
};
use crate::{
    error::{Error, Result},
    jobs::JobManager,
};
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::Arc;
use subtle::ConstantTimeEq;

pub const SESSION_HOURS: i64 = 12;

const ENDED: &str = "The session has ended: sign in again.";

impl JobManager {
    /// Starts a session with the key of this text, and returns its token.
    ///
    /// Errors: `unauthenticated`.
    pub fn start_session(&self, key: &str) -> Result<(String, Arc<Principal>)> {
        let now = self.now();
        let key = self.keys.key_of(key, now)?;
        let end = (now + TimeDelta::hours(SESSION_HOURS)).timestamp();
        let id = key.principal.key_id.clone().unwrap_or_default();
        let signature = to_hex(&signature(&key, &id, end)?);
        Ok((format!("{id}.{end}.{signature}"), key.principal.clone()))
    }

    /// Returns who has the session with this token.
    ///
    /// Errors: `unauthenticated`.
    pub fn session(&self, token: &str) -> Result<Arc<Principal>> {
        let ended = || Error::Unauthenticated(ENDED);
        let now = self.now();
        let (id, rest) = token.split_once('.').ok_or_else(ended)?;
        let (end, given) = rest.split_once('.').ok_or_else(ended)?;
        let end: i64 = end.parse().map_err(|_| ended())?;
        let given = from_hex(given).ok_or_else(ended)?;
        let key = self.keys.key(id, now).ok_or_else(ended)?;
        let is_ours = bool::from(signature(&key, id, end)?.ct_eq(&given));
        if is_ours && now.timestamp() < end {
            Ok(key.principal.clone())
        } else {
            Err(ended())
        }
    }
}

fn signature(key: &Key, id: &str, end: i64) -> Result<Hash> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.hash)
        .map_err(|error| Error::Internal(error.to_string()))?;
    mac.update(format!("callsheet session {id} {end}").as_bytes());
    Ok(mac.finalize().into_bytes().into())
}
