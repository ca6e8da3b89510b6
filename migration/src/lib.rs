//! The schema of Callsheet on SQLite and PostgreSQL: one step for each table, with a way back.
//!
//! A step never imports an entity: a later change of the entity would rewrite history. Until 0.1.0
//! is released, a change of the schema edits the step of its table; afterwards it is a new step.

mod parts;
mod s0001_series;
mod s0002_episodes;
mod s0003d_video_generation_jobs;
mod s0004_job_items;
mod s0005b_job_events;
mod s0006_imports;
mod s0007_import_rejects;
mod s0008_active_jobs;
mod s0009b_queues;
mod s0010_workers;
mod s0011_job_counts;
mod s0012_job_labels;
mod s0013_job_stats;
mod s0014_positions;
mod s0015b_job_actions;
mod s0016_job_action_outcomes;
mod s0017_write_probes;
mod s0018_api_keys;
mod s0019_audit;
mod s0020_sessions;
mod s0021_job_tokens;
mod s0022_schedules;
mod s0023b_webhooks;
mod s0024b_webhook_deliveries;
mod s0025_archives;
mod s0026_archived_jobs;
mod s0027_servers;
mod s0028_settings;

pub use parts::{needs_binary, schema};
pub use sea_orm_migration::{IntoSchemaManagerConnection, SchemaManager};
pub use sea_orm_migration::{Migration, MigrationStatus, MigratorTrait};
use sea_orm_migration::{prelude::*, sea_query::Alias};

/// Table of the applied steps. It has a name of its own, so that a database shared with another
/// SeaORM application keeps both histories apart.
pub const MIGRATION_TABLE: &str = "callsheet_migrations";

/// Tables of the schema, in the order of their steps: parents before children.
pub const TABLES: [&str; 28] = [
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
    "api_keys",
    "audit",
    "sessions",
    "job_tokens",
    "schedules",
    "webhooks",
    "webhook_deliveries",
    "archives",
    "archived_jobs",
    "servers",
    "settings",
];

/// Name of the setting with the oldest version of Callsheet that may run on the schema.
pub const OLDEST_BINARY: &str = "oldest_binary";

/// All steps, in the order of their names. The names of a database tell which build made it: names
/// of builds before these steps begin with `m`, which sorts before every name here, and the names
/// of later builds sort behind them.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(s0001_series::Migration),
            Box::new(s0002_episodes::Migration),
            Box::new(s0003d_video_generation_jobs::Migration),
            Box::new(s0004_job_items::Migration),
            Box::new(s0005b_job_events::Migration),
            Box::new(s0006_imports::Migration),
            Box::new(s0007_import_rejects::Migration),
            Box::new(s0008_active_jobs::Migration),
            Box::new(s0009b_queues::Migration),
            Box::new(s0010_workers::Migration),
            Box::new(s0011_job_counts::Migration),
            Box::new(s0012_job_labels::Migration),
            Box::new(s0013_job_stats::Migration),
            Box::new(s0014_positions::Migration),
            Box::new(s0015b_job_actions::Migration),
            Box::new(s0016_job_action_outcomes::Migration),
            Box::new(s0017_write_probes::Migration),
            Box::new(s0018_api_keys::Migration),
            Box::new(s0019_audit::Migration),
            Box::new(s0020_sessions::Migration),
            Box::new(s0021_job_tokens::Migration),
            Box::new(s0022_schedules::Migration),
            Box::new(s0023b_webhooks::Migration),
            Box::new(s0024b_webhook_deliveries::Migration),
            Box::new(s0025_archives::Migration),
            Box::new(s0026_archived_jobs::Migration),
            Box::new(s0027_servers::Migration),
            Box::new(s0028_settings::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        Alias::new(MIGRATION_TABLE).into_iden()
    }
}
