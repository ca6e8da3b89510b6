//! The keys in memory, so that no call waits for the database to be recognised.

use super::key_text::{self, Hash};
use crate::{
    clock::Clock,
    error::{Error, Result},
    key_limits::KeyLimits,
    lifecycle::{Binding, Principal},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{Role, api_key, session};
use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};
use subtle::ConstantTimeEq;

/// Maximum age of the time of last use in the row of a key that is in use.
const MAX_USE_AGE: TimeDelta = TimeDelta::minutes(1);

/// Id of the key in the setting `CALLSHEET_ADMIN_KEY`.
pub const SETTING_ID: &str = "setting";

/// Key as it is in memory.
pub struct Key {
    pub principal: Arc<Principal>,
    pub hash: Hash,
    expires_at: Option<DateTime<Utc>>,
    is_revoked: bool,
    used: Arc<LastUse>,
}

impl Key {
    fn is_valid(&self, now: DateTime<Utc>) -> bool {
        !self.is_revoked && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Times in microseconds since 1970; 0 for never.
#[derive(Default)]
struct LastUse {
    at: AtomicI64,
    stored: AtomicI64,
}

/// Whether calls need a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// There are no keys.
    Open,
    Keys,
    /// The keys could not be read yet.
    Unknown,
}

#[derive(Default)]
struct Keys {
    by_id: HashMap<String, Arc<Key>>,
    sessions: HashMap<String, Arc<session::Model>>,
    /// Key in the settings.
    admin: Option<Arc<Key>>,
    is_loaded: bool,
}

#[derive(Clone)]
pub struct KeyRing {
    keys: Arc<RwLock<Arc<Keys>>>,
    clock: Arc<dyn Clock>,
}

impl KeyRing {
    /// Creates a ring without keys, which are not read yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            keys: Arc::default(),
            clock,
        }
    }

    fn keys(&self) -> Arc<Keys> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn change(&self, change: impl FnOnce(&Keys) -> Keys) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *keys = Arc::new(change(&keys));
    }

    /// Takes over the rows of the database.
    pub fn load(&self, rows: Vec<api_key::Model>, sessions: Vec<session::Model>) {
        self.change(|old| Keys {
            by_id: rows
                .into_iter()
                .map(|row| (row.id.clone(), Arc::new(key(row, old, &self.clock))))
                .collect(),
            sessions: sessions
                .into_iter()
                .map(|row| (row.id.clone(), Arc::new(row)))
                .collect(),
            admin: old.admin.clone(),
            is_loaded: true,
        });
    }

    /// Adds the key of the settings, which is an admin's.
    pub fn set_admin_key(&self, text: &str) {
        let principal = Principal {
            key_id: Some(SETTING_ID.to_owned()),
            name: "CALLSHEET_ADMIN_KEY".to_owned(),
            role: Role::Admin,
            binding: Binding::default(),
            limits: KeyLimits::new(None, &self.clock),
        };
        let admin = Key {
            principal: Arc::new(principal),
            hash: key_text::hash(text),
            expires_at: None,
            is_revoked: false,
            used: Arc::default(),
        };
        self.change(|old| Keys {
            by_id: old.by_id.clone(),
            sessions: old.sessions.clone(),
            admin: Some(Arc::new(admin)),
            is_loaded: old.is_loaded,
        });
    }

    pub fn access(&self) -> Access {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        if keys.admin.is_some() || !keys.by_id.is_empty() {
            Access::Keys
        } else if keys.is_loaded {
            Access::Open
        } else {
            Access::Unknown
        }
    }

    /// Returns the key with this text.
    ///
    /// Errors: `unauthenticated`, in the same words for an unknown key and for a wrong secret.
    pub fn key_of(&self, text: &str, now: DateTime<Utc>) -> Result<Arc<Key>> {
        let (keys, given) = (self.keys(), key_text::hash(text));
        let is_same = |key: &Key| bool::from(key.hash.ct_eq(&given));
        if let Some(admin) = keys.admin.as_ref().filter(|admin| is_same(admin)) {
            return Ok(admin.clone());
        }
        let id = key_text::id_of(text).ok_or(Error::Unauthenticated(NO_KEY))?;
        let Some(key) = keys.by_id.get(id) else {
            // Takes as long as for a key that exists.
            let _ = bool::from([0; 32].ct_eq(&given));
            return Err(Error::Unauthenticated(INVALID));
        };
        if !is_same(key) || !key.is_valid(now) {
            return Err(Error::Unauthenticated(INVALID));
        }
        key.used.at.store(now.timestamp_micros(), Ordering::Relaxed);
        Ok(key.clone())
    }

    /// Returns the valid key with this id.
    pub fn key(&self, id: &str, now: DateTime<Utc>) -> Option<Arc<Key>> {
        let keys = self.keys();
        if id == SETTING_ID {
            return keys.admin.clone();
        }
        keys.by_id.get(id).filter(|key| key.is_valid(now)).cloned()
    }

    /// Returns the session with this id.
    pub fn session(&self, id: &str) -> Option<Arc<session::Model>> {
        self.keys().sessions.get(id).cloned()
    }

    /// Returns the keys whose rows have a time of last use that is a minute old, or none, and takes
    /// it as stored from now on.
    pub fn used(&self) -> Vec<(String, DateTime<Utc>)> {
        let keys = self.keys();
        let mut used: Vec<_> = keys
            .by_id
            .iter()
            .filter_map(|(id, key)| {
                let at = key.used.at.load(Ordering::Relaxed);
                let stored = key.used.stored.load(Ordering::Relaxed);
                let age = TimeDelta::microseconds(at.saturating_sub(stored));
                if at == 0 || age < MAX_USE_AGE {
                    return None;
                }
                key.used.stored.store(at, Ordering::Relaxed);
                Some((id.clone(), DateTime::from_timestamp_micros(at)?))
            })
            .collect();
        used.sort();
        used
    }
}

const NO_KEY: &str = "The key is not one of Callsheet's: it was cut off or mistyped. Send it as \
    `Authorization: Bearer cs_…`.";
const INVALID: &str = "The key is unknown, was revoked, or has expired: use another key.";

fn key(row: api_key::Model, old: &Keys, clock: &Arc<dyn Clock>) -> Key {
    let known = old.by_id.get(&row.id);
    let binding = Binding::of_columns(row.job_types, row.labels);
    // A key whose binding cannot be read must not see all jobs.
    let hash = key_text::from_hex(&row.hash).filter(|_| binding.is_ok());
    let stored = row.last_used_at.map_or(0, |at| at.timestamp_micros());
    let used = known.map_or_else(Arc::<LastUse>::default, |key| key.used.clone());
    used.stored.fetch_max(stored, Ordering::Relaxed);
    let limits = known.map(|key| key.principal.limits.clone());
    let limits = limits.filter(|limits| limits.is_of(row.requests_per_minute));
    Key {
        principal: Arc::new(Principal {
            key_id: Some(row.id),
            name: row.name,
            role: row.role,
            binding: binding.unwrap_or_default(),
            limits: limits.unwrap_or_else(|| KeyLimits::new(row.requests_per_minute, clock)),
        }),
        hash: hash.unwrap_or_default(),
        expires_at: row.expires_at,
        is_revoked: row.revoked_at.is_some() || hash.is_none(),
        used,
    }
}
