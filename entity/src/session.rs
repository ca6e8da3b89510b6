//! `sessions`: one row per browser that is signed in.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Key that the session stands for; `setting` for that of the settings, which has no row.
    pub key_id: String,
    /// HMAC-SHA256 of the hash of the key's text under the secret of the session, in hexadecimal.
    pub hash: String,
    pub created_at: DateTimeUtc,
    pub ends_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
