//! Steps of the schema, and which of them a database has.

use super::{
    migrate_error::{MigrateError, of_another_build},
    newer::check_newer,
};
use crate::db::{Database, dialect};
use migration::{
    IntoSchemaManagerConnection, Migration, MigrationStatus, Migrator, MigratorTrait, SchemaManager,
};
use sea_orm::{ConnectionTrait, DbErr};

/// Migration step and whether it has been applied.
pub struct Step {
    pub name: String,
    pub applied: bool,
}

/// Returns every step and whether it has been applied. Writes nothing.
pub async fn status(db: &Database) -> Result<Vec<Step>, MigrateError> {
    let moment = db.direct_snapshot().await?;
    status_of(moment.without_timeout()).await
}

/// Returns every step and whether it has been applied, by any connection.
pub(in crate::db) async fn status_of<'c, C>(db: &'c C) -> Result<Vec<Step>, MigrateError>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    guard(db).await?;
    Ok(steps(db).await?.0)
}

/// Returns the newest step if a newer version has applied it; `None` if this version knows every
/// applied step. Writes nothing.
pub async fn newer_step(db: &Database) -> Result<Option<String>, MigrateError> {
    let moment = db.direct_snapshot().await?;
    newer_step_of(moment.without_timeout()).await
}

/// Returns the newest step if a newer version has applied it, by any connection.
pub(in crate::db) async fn newer_step_of(
    db: &impl ConnectionTrait,
) -> Result<Option<String>, MigrateError> {
    Ok(steps(db).await?.1)
}

/// Returns the steps of this version, and the newest step if a newer version has applied it and
/// lets this one run.
async fn steps(db: &impl ConnectionTrait) -> Result<(Vec<Step>, Option<String>), MigrateError> {
    let step = |s: &Migration| Step {
        name: s.name().to_owned(),
        applied: s.status() == MigrationStatus::Applied,
    };
    match Migrator::get_migration_with_status_read_only(db).await {
        Ok(steps) => Ok((steps.iter().map(step).collect(), None)),
        Err(error) => match of_another_build(error) {
            MigrateError::Newer(newest) => {
                check_newer(db, &newest).await?;
                let ours = Migrator::get_migration_files();
                let applied = ours.iter().map(|s| Step {
                    name: s.name().to_owned(),
                    applied: true,
                });
                Ok((applied.collect(), Some(newest)))
            }
            other => Err(other),
        },
    }
}

/// Refuses a table of Callsheet's names that no applied step has created.
pub(super) async fn guard<'c, C>(db: &'c C) -> Result<(), MigrateError>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    let applied = names(db, MigrationStatus::Applied).await?;
    if applied.is_empty() && dialect::hides(db, migration::MIGRATION_TABLE).await? {
        return Err(MigrateError::NotReadable);
    }
    // The name of a step that creates a table ends with the name of the table.
    let made = |table: &str| {
        applied
            .iter()
            .any(|step| step.strip_suffix(table).is_some_and(|s| s.ends_with('_')))
    };
    match existing_tables(db)
        .await?
        .into_iter()
        .find(|table| !made(table))
    {
        Some(table) => Err(MigrateError::Foreign(table)),
        None => Ok(()),
    }
}

/// Returns the tables with names of Callsheet that are there.
pub(super) async fn existing_tables<'c>(
    db: impl IntoSchemaManagerConnection<'c>,
) -> Result<Vec<&'static str>, DbErr> {
    let manager = SchemaManager::new(db);
    let mut tables = Vec::new();
    for table in migration::TABLES {
        if manager.has_table(table).await? {
            tables.push(table);
        }
    }
    Ok(tables)
}

/// Returns the names of the steps that are pending, or that are applied.
pub(super) async fn names<C: ConnectionTrait>(
    db: &C,
    wanted: MigrationStatus,
) -> Result<Vec<String>, MigrateError> {
    let (mut steps, _) = steps(db).await?;
    steps.retain(|step| step.applied == (wanted == MigrationStatus::Applied));
    Ok(steps.into_iter().map(|step| step.name).collect())
}
