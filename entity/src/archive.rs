//! `archives`: objects of archived jobs, a row each.

use sea_orm::entity::prelude::*;

/// State of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum ArchiveState {
    /// The object is being written; its jobs are still in the database.
    #[sea_orm(string_value = "writing")]
    Writing,
    /// The object is complete, and its jobs have left the database.
    #[sea_orm(string_value = "done")]
    Done,
    /// The process that wrote the object is gone; the object and the row are about to go too.
    #[sea_orm(string_value = "abandoned")]
    Abandoned,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "archives")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub state: ArchiveState,
    /// Path of the object in its store.
    pub location: String,
    /// Number of jobs that left the database for the object.
    pub jobs: i64,
    pub bytes: i64,
    /// SHA-256 of the object, in hexadecimal.
    pub sha256: Option<String>,
    pub created_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
