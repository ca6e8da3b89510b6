//! Bounds, columns, checks and indexes that several steps share.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend, Statement},
};

/// The table of jobs, which triggers of several steps watch.
pub const JOBS: &str = "video_generation_jobs";

/// First and last time of a row, of the years 1 to 9999. SQLite compares times as texts: it sorts
/// times beyond these wrongly and cannot read them back.
const FIRST_TIME: &str = "0001-01-01T00:00:00+00:00";
const LAST_TIME: &str = "9999-12-31T23:59:59.999999+00:00";

/// Greatest values of counters; `callsheet::lifecycle` gives the reasons.
pub const MAX_ATTEMPT: i32 = 1_000_000;
pub const MAX_VERSION: i64 = 1 << 53;
pub const MAX_INDEX: i32 = 999_999;

/// Check that a time lies within the years of rows, or is null.
pub fn in_years(column: &'static str) -> Expr {
    Expr::col(column).between(FIRST_TIME, LAST_TIME)
}

/// Check that each of the times lies within the years of rows, or is null.
pub fn all_in_years(columns: &[&'static str]) -> Expr {
    let (first, rest) = columns.split_first().unwrap_or((&"created_at", &[]));
    rest.iter()
        .fold(in_years(first), |all, column| all.and(in_years(column)))
}

/// A nullable text of at most `length` characters.
pub fn text(name: &'static str, length: u32) -> ColumnDef {
    ColumnDef::new(name).string_len(length).take()
}

/// A nullable UTC time.
pub fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().take()
}

/// A nullable JSON value.
pub fn json(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().take()
}

/// A count that starts at zero.
pub fn count(name: &'static str) -> ColumnDef {
    ColumnDef::new(name)
        .big_integer()
        .not_null()
        .default(0)
        .take()
}

/// A primary key that the database counts up.
pub fn serial(name: &'static str) -> ColumnDef {
    ColumnDef::new(name)
        .big_integer()
        .not_null()
        .auto_increment()
        .primary_key()
        .take()
}

/// An index of the columns, in their order.
pub fn index(name: &str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}

/// The index that lets each idempotency key of the table create one row.
pub fn idempotency_index(name: &str, table: &'static str) -> IndexCreateStatement {
    let key = "idempotency_key";
    index(name, table, &[key])
        .unique()
        .and_where(Expr::col(key).is_not_null())
        .to_owned()
}

/// A reference to the `id` of another table.
pub fn reference(
    name: &str,
    from: (&'static str, &'static str),
    to: &'static str,
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    let (table, column) = from;
    ForeignKey::create()
        .name(name)
        .from(table, column)
        .to(to, "id")
        .on_delete(on_delete)
        .to_owned()
}

/// The schema of PostgreSQL in which the tables are made, quoted. The text of a function names it:
/// other programs, such as pg_restore, run without this schema in their search path.
pub async fn schema(manager: &SchemaManager<'_>) -> Result<String, DbErr> {
    let asked = Statement::from_string(
        manager.get_database_backend(),
        "SELECT quote_ident(current_schema())",
    );
    let row = manager.get_connection().query_one_raw(asked).await?;
    let schema = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(schema.unwrap_or_else(|| "public".to_owned()))
}

/// Creates a table and its indexes.
pub async fn create(
    manager: &SchemaManager<'_>,
    table: &TableCreateStatement,
    indexes: impl IntoIterator<Item = IndexCreateStatement>,
) -> Result<(), DbErr> {
    manager.create_table(table.to_owned()).await?;
    for index in indexes {
        manager.create_index(index).await?;
    }
    Ok(())
}

/// Drops a table with its indexes.
pub async fn drop_table(manager: &SchemaManager<'_>, table: &'static str) -> Result<(), DbErr> {
    manager
        .drop_table(Table::drop().table(table).to_owned())
        .await
}

/// Runs statements that the query builder has no words for, each by itself, so that `migrate plan`
/// sees them.
pub async fn execute(
    manager: &SchemaManager<'_>,
    statements: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<(), DbErr> {
    for sql in statements {
        let sql = Statement::from_string(manager.get_database_backend(), sql.as_ref());
        manager.get_connection().execute_raw(sql).await?;
    }
    Ok(())
}

/// Names the oldest version of Callsheet that may run on the schema from this step on. It and later
/// versions start on a schema with newer steps than theirs, and never change it; older ones refuse
/// it, and so does every version while no step has named one. The way back names the one before.
pub async fn needs_binary(manager: &SchemaManager<'_>, version: &str) -> Result<(), DbErr> {
    let insert = Query::insert()
        .into_table("settings")
        .columns(["name", "value"])
        .values_panic([crate::OLDEST_BINARY.into(), version.into()])
        .on_conflict(OnConflict::column("name").update_column("value").to_owned())
        .to_owned();
    manager.execute(insert).await
}

/// Leaves room in the pages of a table on PostgreSQL: inserts fill `percent` of a page. A new
/// version of a row that finds room beside the old one needs no new index entry (HOT), as long as
/// no indexed column changed.
pub async fn fill_pages(
    manager: &SchemaManager<'_>,
    table: &'static str,
    percent: u32,
) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        let sql = format!("ALTER TABLE {table} SET (fillfactor = {percent})");
        execute(manager, [sql]).await?;
    }
    Ok(())
}

/// Drops the triggers on the table of jobs whose names begin with `prefix`, and on PostgreSQL the
/// function that they call.
pub async fn drop_triggers(
    manager: &SchemaManager<'_>,
    prefix: &str,
    function: &str,
) -> Result<(), DbErr> {
    let postgres = manager.get_database_backend() == DbBackend::Postgres;
    let of_table = if postgres {
        format!(" ON {JOBS}")
    } else {
        String::new()
    };
    let triggers = ["insert", "update", "delete", "truncate"]
        .map(|event| format!("DROP TRIGGER IF EXISTS {prefix}_{event}{of_table}"));
    let functions = postgres.then(|| format!("DROP FUNCTION IF EXISTS {function}()"));
    execute(manager, triggers.into_iter().chain(functions)).await
}
