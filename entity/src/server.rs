//! `servers`: processes that serve this database.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "servers")]
pub struct Model {
    /// Random id of one start of a server.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Version of Callsheet.
    pub version: String,
    pub started_at: DateTimeUtc,
    /// Time of the last sign of life.
    pub seen_at: DateTimeUtc,
    /// Address and port on which the server listens.
    pub listen: String,
    /// Newest step of the schema that the version knows.
    pub schema: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
