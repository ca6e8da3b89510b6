//! `positions`: event positions up to which some work is done.

use sea_orm::entity::prelude::*;

/// Name of the position up to which `job_stats` counts events.
pub const STATS: &str = "stats";

/// Name of the position up to which old history was pruned.
pub const PRUNED: &str = "pruned";

/// First part of the name of a range that a restore left out. The rest of the name is the first
/// position behind the range, and the row has the last one before it.
pub const RESTORED: &str = "restored:";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "positions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub position: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
