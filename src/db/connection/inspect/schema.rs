//! Drift of a schema from the one that this build makes.

use super::Inspector;
use migration::{MIGRATION_TABLE, Migrator, MigratorTrait, TABLES};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};
use std::collections::BTreeMap;

/// Objects of the schema that this build makes on PostgreSQL: name, tab, definition. A test
/// compares them with a migrated database.
const POSTGRES: &str = include_str!("schema_postgres.txt");

/// Tables, columns, indexes, triggers and constraints of a SQLite file.
const OF_SQLITE: &str = "SELECT type || ' ' || name || char(9) || sql FROM sqlite_schema \
    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'";

/// The same of a PostgreSQL schema. Definitions are left out where versions of PostgreSQL spell
/// them in other words.
const OF_POSTGRES: &str = "\
    SELECT 'table ' || c.relname || chr(9) FROM pg_class AS c \
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' \
    UNION ALL SELECT 'column ' || c.relname || '.' || a.attname || chr(9) \
        || format_type(a.atttypid, a.atttypmod) \
        || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END \
      FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid \
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' \
      AND a.attnum > 0 AND NOT a.attisdropped \
    UNION ALL SELECT 'constraint ' || o.conname || chr(9) || o.contype::text \
      FROM pg_constraint AS o JOIN pg_class AS c ON c.oid = o.conrelid \
      WHERE c.relnamespace = current_schema()::regnamespace AND o.contype <> 'n' \
    UNION ALL SELECT 'index ' || i.relname || chr(9) \
        || CASE WHEN x.indisunique THEN 'unique ' ELSE '' END \
        || regexp_replace(pg_get_indexdef(x.indexrelid), '^.* USING ', '') \
      FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid \
      JOIN pg_class AS c ON c.oid = x.indrelid \
      WHERE c.relnamespace = current_schema()::regnamespace \
    UNION ALL SELECT 'trigger ' || t.tgname || chr(9) || c.relname \
      FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid \
      WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal";

/// Differences between the schema of a database and that of this build, as names such as
/// `index idx_job_claim`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaDrift {
    pub missing: Vec<String>,
    pub changed: Vec<String>,
    /// Triggers on tables of Callsheet that Callsheet did not make.
    pub foreign_triggers: Vec<String>,
}

/// Definitions by name.
type Objects = BTreeMap<String, String>;

impl Inspector {
    /// Compares the schema with the one that this build makes.
    pub async fn schema_drift(&self) -> Result<SchemaDrift, DbErr> {
        let found = objects(&describe(&self.conn).await?);
        let wanted = if self.is_postgres() {
            objects(POSTGRES)
        } else {
            objects(&described_in_memory().await?)
        };
        Ok(compare(&wanted, &found))
    }
}

/// Describes all objects of a schema, one a line.
pub async fn describe(conn: &DatabaseConnection) -> Result<String, DbErr> {
    let backend = conn.get_database_backend();
    let sql = match backend {
        sea_orm::DbBackend::Postgres => OF_POSTGRES,
        _ => OF_SQLITE,
    };
    let rows = conn
        .query_all_raw(Statement::from_string(backend, sql))
        .await?;
    let mut lines: Vec<String> = Vec::with_capacity(rows.len());
    for row in rows {
        let line: String = row.try_get_by_index(0)?;
        lines.push(spaced(&line));
    }
    lines.sort();
    Ok(lines.join("\n") + "\n")
}

/// Returns the line with single blanks, because versions of PostgreSQL break lines differently.
fn spaced(line: &str) -> String {
    let (name, definition) = line.split_once('\t').unwrap_or((line, ""));
    let words: Vec<&str> = definition.split_whitespace().collect();
    format!("{name}\t{}", words.join(" ").replace("( ", "("))
}

/// Makes the schema in memory, and describes it.
async fn described_in_memory() -> Result<String, DbErr> {
    let mut options = sea_orm::ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false);
    let conn = sea_orm::Database::connect(options).await?;
    Migrator::up(&conn, None).await?;
    let described = describe(&conn).await;
    conn.close().await?;
    described
}

fn objects(described: &str) -> Objects {
    let lines = described.lines().filter_map(|line| line.split_once('\t'));
    let owned = lines.map(|(name, definition)| (name.to_owned(), definition.to_owned()));
    // The table of the steps is the migrator's.
    owned
        .filter(|(name, _)| !name.contains(MIGRATION_TABLE))
        .collect()
}

fn compare(wanted: &Objects, found: &Objects) -> SchemaDrift {
    let mut drift = SchemaDrift::default();
    for (name, definition) in wanted {
        match found.get(name) {
            None => drift.missing.push(name.clone()),
            Some(other) if other != definition => drift.changed.push(name.clone()),
            Some(_) => {}
        }
    }
    let of_callsheet = |definition: &str| {
        let mut words = definition.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|word| TABLES.contains(&word))
    };
    let foreign = found.iter().filter(|(name, definition)| {
        name.starts_with("trigger ") && !wanted.contains_key(*name) && of_callsheet(definition)
    });
    drift.foreign_triggers = foreign.map(|(name, _)| name.clone()).collect();
    drift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_changed_and_foreign_objects_are_told_apart() {
        let wanted = objects("index a\t(x)\nindex b\t(y)\ntable queues\t\ntrigger t\tqueues\n");
        let found =
            objects("index b\t(z)\nindex mine\t(x)\ntrigger t\tqueues\ntrigger u\tqueues\n");
        let names = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        assert_eq!(
            compare(&wanted, &found),
            SchemaDrift {
                missing: names(&["index a", "table queues"]),
                changed: names(&["index b"]),
                foreign_triggers: names(&["trigger u"]),
            }
        );
    }
}
