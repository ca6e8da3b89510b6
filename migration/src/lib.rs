//! Schema of Callsheet for SQLite and PostgreSQL: one step per file, up and down.
//!
//! A step never imports an entity: a later change of the entity would change the step too. A step
//! that has been released is never edited; a change is a new step.

mod m0001_series;
mod m0002_episodes;
mod m0003_video_generation_jobs;
mod m0004_job_items;
mod m0005_job_events;
mod m0006_imports;
mod m0007_import_rejects;
mod m0008_active_jobs;
mod m0009_import_progress;
mod m0010_history;
mod m0011_queues;
mod m0012_workers;
mod m0013_claims;
mod m0014_job_counts;
mod m0015_fill;
mod m0016_job_stats;
mod m0017_positions;
mod m0018_job_actions;
mod m0019_job_action_outcomes;
mod m0020_import_report;
mod m0021_action_keys;
mod m0022_job_labels;
mod m0023_write_probes;

pub use sea_orm_migration::{IntoSchemaManagerConnection, Migration, MigrationStatus, MigratorTrait, SchemaManager};
use sea_orm_migration::{prelude::*, sea_query::Alias};

/// Table that records the applied steps. Its own name keeps the histories apart in a database that
/// is shared with another SeaORM application.
pub const MIGRATION_TABLE: &str = "callsheet_migrations";

/// All tables that these migrations create, parents before children.
pub const TABLES: [&str; 17] = [
    "series",
    "episodes",
    "video_generation_jobs",
    "job_items",
    "job_events",
    "imports",
    "import_rejects",
    "active_jobs",
    "queues",
    "workers",
    "job_counts",
    "job_labels",
    "job_stats",
    "positions",
    "job_actions",
    "job_action_outcomes",
    "write_probes",
];

pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_series::Migration),
            Box::new(m0002_episodes::Migration),
            Box::new(m0003_video_generation_jobs::Migration),
            Box::new(m0004_job_items::Migration),
            Box::new(m0005_job_events::Migration),
            Box::new(m0006_imports::Migration),
            Box::new(m0007_import_rejects::Migration),
            Box::new(m0008_active_jobs::Migration),
            Box::new(m0009_import_progress::Migration),
            Box::new(m0010_history::Migration),
            Box::new(m0011_queues::Migration),
            Box::new(m0012_workers::Migration),
            Box::new(m0013_claims::Migration),
            Box::new(m0014_job_counts::Migration),
            Box::new(m0015_fill::Migration),
            Box::new(m0016_job_stats::Migration),
            Box::new(m0017_positions::Migration),
            Box::new(m0018_job_actions::Migration),
            Box::new(m0019_job_action_outcomes::Migration),
            Box::new(m0020_import_report::Migration),
            Box::new(m0021_action_keys::Migration),
            Box::new(m0022_job_labels::Migration),
            Box::new(m0023_write_probes::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        Alias::new(MIGRATION_TABLE).into_iden()
    }
}

/// First and last time that a row may hold: the years 1 to 9999. Beyond them SQLite, which compares
/// texts, sorts wrongly and cannot read back the value.
const FIRST_TIME: &str = "0001-01-01T00:00:00+00:00";
const LAST_TIME: &str = "9999-12-31T23:59:59.999999+00:00";

/// Maximum values of counters; `callsheet::lifecycle` gives the reasons.
const MAX_ATTEMPT: i32 = 1_000_000;
const MAX_VERSION: i64 = 1 << 53;
const MAX_INDEX: i32 = 999_999;

/// Condition that the time lies in the years 1 to 9999, or is null.
fn in_years(column: &'static str) -> Expr {
    Expr::col(column).between(FIRST_TIME, LAST_TIME)
}

/// Condition that each of these times lies in the years 1 to 9999, or is null.
fn all_in_years(columns: &[&'static str]) -> Expr {
    let (first, rest) = columns.split_first().unwrap_or((&"created_at", &[]));
    rest.iter().fold(in_years(first), |all, column| all.and(in_years(column)))
}

/// Column for a nullable UTC time.
fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().take()
}

async fn drop_table(manager: &SchemaManager<'_>, table: &'static str) -> Result<(), DbErr> {
    manager.drop_table(Table::drop().table(table).to_owned()).await
}
