//! `audit`: one row per call that changed something or tried to, or for several alike.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Time of the call; of several, of the first.
    pub at: DateTimeUtc,
    /// Key of the caller; null for the command line, and on a server without keys.
    pub key_id: Option<String>,
    pub operation: String,
    /// Ids in the path, joined by slashes; null if the path has none, or for calls of many.
    pub target: Option<String>,
    /// Id of the request; of several, of the first.
    pub request_id: Option<String>,
    /// HTTP status; 499 if the client left before the answer.
    pub status: i16,
    /// Number of calls that the row stands for.
    pub calls: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
