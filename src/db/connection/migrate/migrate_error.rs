//! Reasons why a schema is not changed.

use crate::db::connection::errors;
use migration::{Migrator, MigratorTrait};
use sea_orm::DbErr;

/// Reason why a schema is not changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(
        "this database holds a table `{0}` that Callsheet did not make; it is left untouched. Give \
         Callsheet a database of its own with --database-url, and bring the old jobs along with \
         `callsheet import`"
    )]
    Foreign(&'static str),
    #[error(
        "a newer version of Callsheet has migrated this database (step {0}): run that version, or \
        name another database with --database-url"
    )]
    Newer(String),
    #[error(
        "a newer version of Callsheet has migrated this database (step {step}), and only versions \
         from {oldest} on may run on it; this is {this}: install version {oldest} or later, or \
         name another database with --database-url",
        this = env!("CARGO_PKG_VERSION")
    )]
    TooOld { step: String, oldest: String },
    #[error(
        "this database was made by an earlier build of Callsheet (step {0}), and is left \
         untouched: export its jobs with `callsheet export` of that build, then bring them into a \
         new database with `callsheet import`"
    )]
    Earlier(String),
    #[error(
        "the role of --database-url may not read the tables of Callsheet: let their owner run \
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO it"
    )]
    NotReadable,
    #[error(
        "the role of --database-url may not change the schema, and {0} steps are pending: let a \
        role that owns the tables run `callsheet migrate up`, or GRANT CREATE ON SCHEMA public to \
        this one; with --no-migrate the server starts on the tables that are there"
    )]
    NotAllowed(usize),
    #[error(
        "this server of PostgreSQL accepts no changes, and {0} steps are pending: it is a standby \
        or read-only; name the primary with --database-url"
    )]
    ReadOnly(usize),
    #[error("the migration failed and the schema is unchanged: {0}")]
    Database(#[from] DbErr),
}

/// Explains why the schema cannot be changed, if the database says so.
pub(super) fn refused(error: MigrateError, pending: usize) -> MigrateError {
    match error {
        MigrateError::Database(error) if errors::is_read_only(&error) => {
            MigrateError::ReadOnly(pending)
        }
        MigrateError::Database(error) if errors::is_not_allowed(&error) => {
            MigrateError::NotAllowed(pending)
        }
        error => error,
    }
}

/// Error for a database with steps that this build does not have. The migrator answers with a
/// custom error, in which their names stand in quotes. Names of steps sort by age: if the newest
/// unknown one sorts behind all steps of this build, a newer Callsheet has applied it. Otherwise an
/// earlier build did, whose steps have been replaced since.
pub(super) fn of_another_build(error: DbErr) -> MigrateError {
    let DbErr::Custom(text) = error else {
        return error.into();
    };
    let Some(newest) = text.split('\'').skip(1).step_by(2).max() else {
        return DbErr::Custom(text).into();
    };
    let steps = Migrator::get_migration_files();
    if steps.iter().all(|step| step.name() < newest) {
        MigrateError::Newer(newest.to_owned())
    } else {
        MigrateError::Earlier(newest.to_owned())
    }
}
