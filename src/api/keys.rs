//! Handlers of keys: who may call the server.

use super::{
    Tag,
    body::Body,
    dto::{CreatedKey, Key, KeyList, NewKey},
};
use crate::jobs::{JobManager, Principal};
use poem::{Result, web::Data};
use poem_openapi::{OpenApi, param::Path, payload::Json};
use std::sync::Arc;

pub struct Keys(pub JobManager);

#[OpenApi(prefix_path = "/api/v1/keys", tag = "Tag::Keys")]
impl Keys {
    /// List keys
    ///
    /// Returns all keys, oldest first, also revoked and expired ones; never their texts.
    #[oai(path = "/", method = "get", operation_id = "list_keys")]
    async fn list_keys(&self) -> Result<Json<KeyList>> {
        let keys = self.0.list_keys().await?;
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
        body: Body<NewKey>,
        caller: Data<&Arc<Principal>>,
    ) -> Result<Json<CreatedKey>> {
        let mut new: crate::jobs::NewKey = body.value.into();
        new.created_by.clone_from(&caller.key_id);
        Ok(Json(self.0.create_key(new).await?.into()))
    }

    /// Revoke a key
    ///
    /// From then on, no server accepts the key; other servers of the database refuse it within two
    /// seconds. Its streams and sessions end.
    #[oai(path = "/:key_id", method = "delete", operation_id = "revoke_key")]
    async fn revoke_key(
        &self,
        /// Id of the key.
        key_id: Path<String>,
    ) -> Result<Json<Key>> {
        Ok(Json(self.0.revoke_key(&key_id.0).await?.into()))
    }

    /// Rotate a key
    ///
    /// Gives the key another text, and returns it. The former text is no longer valid; id, name and
    /// role stay.
    #[oai(path = "/:key_id/rotate", method = "post", operation_id = "rotate_key")]
    async fn rotate_key(
        &self,
        /// Id of the key.
        key_id: Path<String>,
    ) -> Result<Json<CreatedKey>> {
        Ok(Json(self.0.rotate_key(&key_id.0).await?.into()))
    }
}
