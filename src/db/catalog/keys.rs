//! Keys that may call the servers.

use crate::{
    db::{Database, Readable, Tx, Write, catalog::audit},
    error::{Error, Resource, Result},
};
use chrono::{DateTime, Utc};
use entity::{api_key, audit::Model as AuditRow};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait},
};

pub struct InsertKey {
    pub row: api_key::Model,
    pub audit: AuditRow,
}

impl Write for InsertKey {
    type Output = api_key::Model;

    async fn apply(&self, tx: &Tx) -> Result<api_key::Model> {
        let row = self.row.clone().into_active_model();
        api_key::Entity::insert(row)
            .exec_without_returning(tx)
            .await?;
        audit::insert(tx, &self.audit).await?;
        tx.note_keys();
        Ok(self.row.clone())
    }
}

/// Gives a key another text.
pub struct RotateKey {
    pub id: String,
    pub hash: String,
    pub audit: AuditRow,
}

impl Write for RotateKey {
    type Output = api_key::Model;

    async fn apply(&self, tx: &Tx) -> Result<api_key::Model> {
        let row = key(tx, &self.id).await?;
        if row.revoked_at.is_some() {
            return Err(Error::KeyRevoked);
        }
        let mut change = row.into_active_model();
        change.hash = Set(self.hash.clone());
        audit::insert(tx, &self.audit).await?;
        tx.note_keys();
        Ok(change.update(tx).await?)
    }
}

/// Revokes a key; one that is revoked already stays as it is.
pub struct RevokeKey {
    pub id: String,
    pub now: DateTime<Utc>,
    pub audit: AuditRow,
}

impl Write for RevokeKey {
    type Output = api_key::Model;

    async fn apply(&self, tx: &Tx) -> Result<api_key::Model> {
        let row = key(tx, &self.id).await?;
        audit::insert(tx, &self.audit).await?;
        if row.revoked_at.is_some() {
            return Ok(row);
        }
        let mut change = row.into_active_model();
        change.revoked_at = Set(Some(self.now));
        tx.note_keys();
        Ok(change.update(tx).await?)
    }
}

/// Stores when keys were last used, in the order of their ids, so that two servers do not deadlock.
pub struct NoteKeysUsed(pub Vec<(String, DateTime<Utc>)>);

impl Write for NoteKeysUsed {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        use api_key::Column as C;
        for (id, at) in &self.0 {
            let earlier = C::LastUsedAt.is_null().or(C::LastUsedAt.lt(*at));
            api_key::Entity::update_many()
                .col_expr(C::LastUsedAt, Expr::value(*at))
                .filter(C::Id.eq(id.as_str()))
                .filter(earlier)
                .exec(tx)
                .await?;
        }
        Ok(())
    }
}

async fn key(tx: &Tx, id: &str) -> Result<api_key::Model> {
    let row = api_key::Entity::find_by_id(id).row(tx).await?;
    row.ok_or(Error::NotFound(Resource::Key))
}

impl Database {
    /// Returns all keys, oldest first. A row that cannot be read is an error: without it, a server
    /// could seem to have no keys.
    pub async fn all_keys(&self) -> Result<Vec<api_key::Model>> {
        let oldest = api_key::Entity::find()
            .order_by_asc(api_key::Column::CreatedAt)
            .order_by_asc(api_key::Column::Id);
        Ok(oldest.all(self.read()).await?)
    }
}
