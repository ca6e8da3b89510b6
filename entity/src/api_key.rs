//! `api_keys`: one row per key that may call the server.

use sea_orm::entity::prelude::*;

/// Role of a key: a named set of permissions. In the order of how much each may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum Role {
    #[sea_orm(string_value = "reader")]
    Reader,
    #[sea_orm(string_value = "creator")]
    Creator,
    #[sea_orm(string_value = "worker")]
    Worker,
    #[sea_orm(string_value = "operator")]
    Operator,
    #[sea_orm(string_value = "admin")]
    Admin,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub role: Role,
    /// SHA-256 of the key's text, in hexadecimal.
    pub hash: String,
    /// Job types that the key is bound to; null for all.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub job_types: Option<Json>,
    /// Labels that the key is bound to; null for none.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub labels: Option<Json>,
    pub requests_per_minute: Option<i32>,
    pub created_at: DateTimeUtc,
    /// Key that created this one; null for the command line, or a server without keys.
    pub created_by: Option<String>,
    pub expires_at: Option<DateTimeUtc>,
    pub last_used_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
