//! `positions`: up to which event something was done.

use sea_orm::entity::prelude::*;

/// Events are part of `job_stats`.
pub const STATS: &str = "stats";

/// Events were taken away, of jobs that ended long ago.
pub const PRUNED: &str = "pruned";

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
