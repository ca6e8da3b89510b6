//! Steps of the schema that are applied, read without a lock and without a change.

use migration::{MIGRATION_TABLE, Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DbErr,
    sea_query::{Alias, Expr, Query},
};

/// Steps of the schema of a database, compared with those of this build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaState {
    /// Name of the newest applied step; `None` if there is none.
    pub newest: Option<String>,
    /// Number of steps of this build that are not applied.
    pub missing: usize,
}

/// Reads the applied steps. Steps that this build does not know are those of a newer one.
pub async fn schema_state(db: &impl ConnectionTrait) -> Result<SchemaState, DbErr> {
    Ok(compare(applied_steps(db).await?, names_of_steps()))
}

/// Returns the newest step that this build knows.
pub fn newest_step() -> Option<String> {
    names_of_steps().pop()
}

/// Reads the names of the applied steps.
async fn applied_steps(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let query = Query::select()
        .expr(Expr::col("version"))
        .from(Alias::new(MIGRATION_TABLE))
        .to_owned();
    let rows = db.query_all(&query).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

fn names_of_steps() -> Vec<String> {
    let steps = Migrator::migrations();
    steps.iter().map(|step| step.name().to_owned()).collect()
}

fn compare(applied: Vec<String>, steps: Vec<String>) -> SchemaState {
    let missing = steps.iter().filter(|step| !applied.contains(step)).count();
    SchemaState {
        newest: applied.into_iter().max(),
        missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_this_build_lacks_are_not_missing() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let state = compare(names(&["s2", "s1", "s9"]), names(&["s1", "s2", "s3"]));
        assert_eq!(state.newest.as_deref(), Some("s9"));
        assert_eq!(state.missing, 1);
        assert_eq!(compare(Vec::new(), Vec::new()).newest, None);
    }
}
