//! `import_rejects`: records that an import rejected.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_rejects")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub import_id: String,
    #[sea_orm(column_type = "Text")]
    pub file: String,
    /// Key or row of the record in its file.
    #[sea_orm(column_type = "Text", nullable)]
    pub key: Option<String>,
    /// Reason code from the table in `callsheet::import`.
    pub reason: String,
    #[sea_orm(column_type = "Text")]
    pub detail: String,
    /// Record as it was found, without secrets.
    #[sea_orm(column_type = "Text", nullable)]
    pub raw: Option<String>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl Model {
    /// Bytes of the texts of this row.
    pub fn bytes(&self) -> usize {
        let key = self.key.as_ref().map_or(0, String::len);
        self.file.len() + key + self.detail.len() + self.raw.as_ref().map_or(0, String::len)
    }
}

impl ActiveModelBehavior for ActiveModel {}
