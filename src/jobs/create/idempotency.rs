//! Idempotency keys, by which a repeated call gets the answer of the first.

use crate::{
    error::{Error, FieldError, Result},
    hex::hex,
    jobs::{JobManager, validate::MAX_KEY_CHARS},
    lifecycle::Binding,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Idempotency key, with the fingerprint of the request that it belongs to. Two calls with the same
/// key create one job.
#[derive(Clone, Debug)]
pub struct Idempotency {
    pub key: String,
    /// SHA-256 of the scope and the request, in hexadecimal.
    pub fingerprint: String,
}

impl Idempotency {
    /// Computes the fingerprint of a request. `scope` separates the calls that a key may be used
    /// with; `request` is the body as received.
    pub fn new(key: String, scope: &str, request: &Value) -> Self {
        // serde_json keeps members sorted, so two spellings of one request have the same
        // fingerprint.
        Self::of_text(key, scope, &request.to_string())
    }

    /// Computes the fingerprint of a request that is JSON text already; otherwise like
    /// [`Idempotency::new`].
    pub fn of_text(key: String, scope: &str, request: &str) -> Self {
        let digest = Sha256::digest(format!("{scope}\n{request}"));
        Self {
            key,
            fingerprint: hex(&digest),
        }
    }

    pub fn check(&self) -> Result<()> {
        let visible = self.key.chars().all(|c| !c.is_control());
        if visible && (1..=MAX_KEY_CHARS).contains(&self.key.chars().count()) {
            return Ok(());
        }
        let detail = format!(
            "Use 1 to {MAX_KEY_CHARS} visible characters as an Idempotency-Key, e.g. a UUID."
        );
        Err(Error::invalid(FieldError::parameter(
            "Idempotency-Key",
            "invalid_name",
            detail,
        )))
    }

    /// Returns the key and the fingerprint, as their columns hold them.
    pub(super) fn into_columns(self) -> (String, String) {
        (self.key, self.fingerprint)
    }
}

impl JobManager {
    /// Returns an idempotency key that callers with another binding cannot use: the answer to its
    /// first call is about a job that there may not be for them.
    pub(in crate::jobs) fn scoped(&self, given: Option<Idempotency>) -> Option<Idempotency> {
        let Some(scope) = self.binding().and_then(Binding::text) else {
            return given;
        };
        let key = |given: &Idempotency| {
            let digest = Sha256::digest(format!("{scope}\n{}", given.key));
            format!("bound:{}", hex(&digest))
        };
        given.map(|given| Idempotency {
            key: key(&given),
            fingerprint: given.fingerprint,
        })
    }

    /// Checks the key, and splits what is stored of it into its columns.
    pub(in crate::jobs) fn idempotency_columns(
        &self,
        given: Option<Idempotency>,
    ) -> Result<(Option<String>, Option<String>)> {
        given.as_ref().map_or(Ok(()), Idempotency::check)?;
        let scoped = self.scoped(given);
        Ok(scoped.map(Idempotency::into_columns).unzip())
    }
}
