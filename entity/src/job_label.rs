//! `job_labels`: index from each label to its jobs, in the order of the lists. Triggers maintain
//! it; nothing else writes to it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job_labels")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub label_key: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub label_value: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_created_at: DateTimeUtc,
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
