//! Locks that a statement of a migration takes on PostgreSQL, read from its text.

/// Lock on a table that exists before the migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    pub table: String,
    /// Name of the lock in the documentation of PostgreSQL.
    pub mode: &'static str,
    /// What waits until the migration has ended.
    pub holds_up: &'static str,
}

const EXCLUSIVE: (&str, &str) = ("ACCESS EXCLUSIVE", "reads and writes");
const NO_WRITES: (&str, &str) = ("SHARE ROW EXCLUSIVE", "writes");
const SHARE: (&str, &str) = ("SHARE", "writes");
const SETTINGS: (&str, &str) = ("SHARE UPDATE EXCLUSIVE", "vacuum and other migrations");
const ROWS: (&str, &str) = ("ROW EXCLUSIVE", "other changes of the same rows");

/// Returns the locks on those of the tables that the statement names.
pub(super) fn locks_of(sql: &str, tables: &[&str]) -> Vec<Lock> {
    let spaced = sql.replace(['(', ')', ',', ';'], " ");
    let words: Vec<&str> = spaced.split_whitespace().map(bare).collect();
    let starts = |prefix: &str| {
        let mut prefix = prefix.split(' ').zip(&words);
        prefix.all(|(wanted, word)| word.eq_ignore_ascii_case(wanted))
    };
    let (before, (mode, holds_up)) = if starts("CREATE TABLE") {
        ("REFERENCES", NO_WRITES)
    } else if starts("CREATE INDEX") || starts("CREATE UNIQUE INDEX") {
        ("ON", SHARE)
    } else if starts("CREATE TRIGGER") || starts("CREATE OR REPLACE TRIGGER") {
        ("ON", NO_WRITES)
    } else if starts("ALTER TABLE") {
        let changes_settings = words.get(3).is_some_and(|word| is(word, "SET"));
        let lock = if changes_settings || words.iter().any(|word| is(word, "VALIDATE")) {
            SETTINGS
        } else {
            EXCLUSIVE
        };
        ("TABLE", lock)
    } else if starts("DROP TABLE") || starts("TRUNCATE TABLE") {
        ("TABLE", EXCLUSIVE)
    } else if starts("DROP TRIGGER") {
        ("ON", EXCLUSIVE)
    } else if starts("INSERT") {
        ("INTO", ROWS)
    } else if starts("UPDATE") {
        ("UPDATE", ROWS)
    } else if starts("DELETE") {
        ("FROM", ROWS)
    } else {
        return Vec::new();
    };
    let named = words.windows(2).filter(|pair| is(pair[0], before));
    let mut found: Vec<&str> = named
        .map(|pair| pair[1])
        .filter(|name| tables.contains(name))
        .collect();
    found.sort_unstable();
    found.dedup();
    let lock = |table: &str| Lock {
        table: table.to_owned(),
        mode,
        holds_up,
    };
    found.into_iter().map(lock).collect()
}

fn is(word: &str, wanted: &str) -> bool {
    word.eq_ignore_ascii_case(wanted)
}

/// Returns a name without its schema and its quotes.
fn bare(word: &str) -> &str {
    let name = word.rsplit('.').next().unwrap_or(word);
    name.trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tables_that_exist_are_locked() {
        let tables = ["jobs", "series"];
        let modes = |sql: &str| -> Vec<(String, &'static str)> {
            let locks = locks_of(sql, &tables).into_iter();
            locks.map(|lock| (lock.table, lock.mode)).collect()
        };
        let one = |table: &str, mode| vec![(table.to_owned(), mode)];
        let cases = [
            (r#"CREATE INDEX "i" ON "jobs" ("a")"#, one("jobs", "SHARE")),
            (r#"CREATE UNIQUE INDEX "i" ON "new" ("a")"#, vec![]),
            (
                r#"CREATE TABLE "new" ("s" text REFERENCES "series" ("id"))"#,
                one("series", "SHARE ROW EXCLUSIVE"),
            ),
            (
                "CREATE TRIGGER t AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION f()",
                one("jobs", "SHARE ROW EXCLUSIVE"),
            ),
            (
                r#"ALTER TABLE "jobs" ADD COLUMN "b" text"#,
                one("jobs", "ACCESS EXCLUSIVE"),
            ),
            (
                "ALTER TABLE jobs SET (fillfactor = 10)",
                one("jobs", "SHARE UPDATE EXCLUSIVE"),
            ),
            ("UPDATE public.jobs SET a = 1", one("jobs", "ROW EXCLUSIVE")),
            ("CREATE FUNCTION f() AS $$ UPDATE jobs SET a = 1 $$", vec![]),
        ];
        for (sql, wanted) in cases {
            assert_eq!(modes(sql), wanted, "{sql}");
        }
    }
}
