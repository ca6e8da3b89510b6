//! Sessions of browsers.

use crate::{
    db::{Database, Readable, Tx, Write, catalog::audit},
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::{
    audit::Model as AuditRow,
    session::{Column, Entity, Model},
};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

/// Stores a session. Deletes those that have ended, and the oldest of the key beyond `keep`.
pub struct StartSession {
    pub row: Model,
    pub keep: u64,
    pub audit: AuditRow,
}

impl Write for StartSession {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        Entity::delete_many()
            .filter(Column::EndsAt.lte(self.row.created_at))
            .exec(tx)
            .await?;
        let oldest: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::KeyId.eq(&self.row.key_id))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .offset(self.keep - 1)
            // SQLite takes no offset without a limit.
            .limit(1_000_000)
            .into_tuple()
            .rows(tx)
            .await?;
        for id in oldest {
            Entity::delete_by_id(id).exec(tx).await?;
        }
        Entity::insert(self.row.clone().into_active_model())
            .exec_without_returning(tx)
            .await?;
        audit::insert(tx, &self.audit).await?;
        tx.note_keys();
        Ok(())
    }
}

pub struct EndSession {
    pub id: String,
    pub audit: AuditRow,
}

impl Write for EndSession {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        Entity::delete_by_id(&self.id).exec(tx).await?;
        audit::insert(tx, &self.audit).await?;
        tx.note_keys();
        Ok(())
    }
}

impl Database {
    /// Returns the sessions that have not ended.
    pub async fn sessions(&self, now: DateTime<Utc>) -> Result<Vec<Model>> {
        let live = Entity::find().filter(Column::EndsAt.gt(now));
        Ok(live.rows(self.read()).await?)
    }
}
