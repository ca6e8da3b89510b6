//! Servers that run on the database now, and what the schema asks of their versions.

use super::Inspector;
use crate::db::{Readable, connection::migrate::oldest_binary};
use chrono::{DateTime, Utc};
use entity::server;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

/// Servers that gave a sign of life lately.
#[derive(Clone, Debug, Default)]
pub struct ServerFacts {
    /// Address and version of each.
    pub live: Vec<(String, String)>,
    /// Oldest version that may run on the schema; `None` if no step names one.
    pub oldest: Option<String>,
}

impl Inspector {
    /// Looks for servers that gave a sign of life since the time.
    pub async fn servers(&self, since: DateTime<Utc>) -> Result<ServerFacts, DbErr> {
        let live = server::Entity::find()
            .filter(server::Column::SeenAt.gte(since))
            .order_by_asc(server::Column::Id)
            .rows(&self.conn)
            .await?;
        let named = live.into_iter().map(|row| (row.listen, row.version));
        Ok(ServerFacts {
            live: named.collect(),
            oldest: oldest_binary(&self.conn).await?,
        })
    }
}
