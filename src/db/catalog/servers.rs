//! Servers of the database: registered, listed, and forgotten when they are gone.

use crate::{
    db::{Database, Readable, Tx, Write},
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::server;
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};

/// Stores the sign of life of a server, and deletes the rows of servers last seen before a time.
pub struct NoteServer {
    pub row: server::Model,
    pub forget_before: DateTime<Utc>,
}

impl Write for NoteServer {
    type Output = u64;

    async fn apply(&self, tx: &Tx) -> Result<u64> {
        let conflict = OnConflict::column(server::Column::Id)
            .update_column(server::Column::SeenAt)
            .to_owned();
        server::Entity::insert(self.row.clone().into_active_model())
            .on_conflict(conflict)
            .exec_without_returning(tx)
            .await?;
        let gone = server::Entity::delete_many()
            .filter(server::Column::SeenAt.lt(self.forget_before))
            .exec(tx)
            .await?;
        Ok(gone.rows_affected)
    }
}

/// Deletes the row of a server that stops.
pub struct RemoveServer {
    pub id: String,
}

impl Write for RemoveServer {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        server::Entity::delete_by_id(self.id.as_str())
            .exec(tx)
            .await?;
        Ok(())
    }
}

impl Database {
    /// Returns the servers, the newest first: at most `limit`.
    pub async fn servers(&self, limit: u64) -> Result<Vec<server::Model>> {
        let rows = server::Entity::find()
            .order_by_desc(server::Column::StartedAt)
            .order_by_asc(server::Column::Id)
            .limit(limit);
        Ok(rows.rows(self.read()).await?)
    }

    /// Counts the servers that gave a sign of life since the time.
    pub async fn servers_seen_since(&self, since: DateTime<Utc>) -> Result<u64> {
        let seen = server::Entity::find().filter(server::Column::SeenAt.gte(since));
        Ok(seen.count(self.read()).await?)
    }
}
