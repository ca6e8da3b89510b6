//! Handlers of keys: who may call the server.

use super::{
    Tag,
    auth::{Acting, asker},
    body::Body,
    contract::{Bound, KEYS, Operation, operation},
    dto::{CreatedKey, Key, KeyList, NewKey},
};
use poem::{Request, Result};
use poem_openapi::{OpenApi, param::Path, payload::Json};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("list_keys", KEYS, Bound::Refused),
    operation("create_key", KEYS, Bound::Refused),
    operation("revoke_key", KEYS, Bound::Refused).codes(&["key_not_found"]),
    operation("rotate_key", KEYS, Bound::Refused).codes(&["key_not_found", "key_revoked"]),
];

pub struct Keys;

#[OpenApi(prefix_path = "/api/v1/keys", tag = "Tag::Keys")]
impl Keys {
    /// List keys
    ///
    /// Returns all keys, oldest first, also revoked and expired ones; never their texts.
    #[oai(path = "/", method = "get", operation_id = "list_keys")]
    async fn list_keys(&self, jobs: Acting) -> Result<Json<KeyList>> {
        let keys = jobs.list_keys().await?;
        let keys = keys.into_iter().map(Into::into).collect();
        Ok(Json(KeyList { keys }))
    }

    /// Create a key
    ///
    /// Returns the text of the new key, which the server does not keep and never returns again.
    /// From the first key on, every call needs one.
    #[oai(path = "/", method = "post", operation_id = "create_key")]
    async fn create_key(
        &self,
        jobs: Acting,
        body: Body<NewKey>,
        request: &Request,
    ) -> Result<Json<CreatedKey>> {
        let jobs = jobs.asked_by(asker(request));
        Ok(Json(jobs.create_key(body.value.into()).await?.into()))
    }

    /// Revoke a key
    ///
    /// From then on, no server accepts the key; other servers of the database refuse it within two
    /// seconds. Its streams and sessions end.
    #[oai(path = "/:key_id", method = "delete", operation_id = "revoke_key")]
    async fn revoke_key(
        &self,
        jobs: Acting,
        /// Id of the key.
        key_id: Path<String>,
        request: &Request,
    ) -> Result<Json<Key>> {
        let jobs = jobs.asked_by(asker(request));
        Ok(Json(jobs.revoke_key(&key_id.0).await?.into()))
    }

    /// Rotate a key
    ///
    /// Gives the key another text, and returns it. The former text is no longer valid; id, name and
    /// role stay.
    #[oai(path = "/:key_id/rotate", method = "post", operation_id = "rotate_key")]
    async fn rotate_key(
        &self,
        jobs: Acting,
        /// Id of the key.
        key_id: Path<String>,
        request: &Request,
    ) -> Result<Json<CreatedKey>> {
        let jobs = jobs.asked_by(asker(request));
        Ok(Json(jobs.rotate_key(&key_id.0).await?.into()))
    }
}
