//! A SQLite file. It is never opened in a way that could change it, its folder or the files beside it: SQLite makes a
//! `-shm` for any reader of a database in WAL mode, and whoever closes it last writes the `-wal` into the database.

use super::{
    super::{
        reject::{Reason, Reject},
        report::At,
        sources::SourceKind,
    },
    comic, rows,
    sink::Sink,
};
use futures_util::{StreamExt, TryStreamExt};
use sea_orm::{ConnectOptions, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement, StreamTrait};
use std::{collections::BTreeMap, fs, io, path::Path, time::SystemTime};
use tempfile::TempDir;
use tokio::runtime::Handle;

/// Rows that are asked for at a time.
const ROWS: usize = 200;

/// A database that can be read, and its private copy, which goes with it.
pub struct Opened {
    pub conn: DatabaseConnection,
    _copy: Option<TempDir>,
}

/// Reads every table that is a store's. False when nobody wants more.
pub fn read(path: &Path, sink: &mut Sink) -> bool {
    match try_read(path, sink) {
        Ok(go_on) => go_on,
        Err(reject) => sink.reject(At::File, [], reject),
    }
}

fn try_read(path: &Path, sink: &mut Sink) -> Result<bool, Reject> {
    let db = Handle::current().block_on(open(path))?;
    let tables = Handle::current().block_on(tables(&db.conn)).map_err(damaged)?;
    let has = |table: &str, columns: &[&str]| {
        tables.get(table).is_some_and(|there| columns.iter().all(|column| there.iter().any(|c| c == column)))
    };
    let jobs = has("video_generation_jobs", &["id", "job_type", "status"]);
    if jobs && has("video_generation_jobs", &["lease_token"]) {
        let told = "This is a database of Callsheet itself: write it out with `callsheet export`, and import that.";
        return Err(Reject::new(Reason::UnknownShape, told));
    }
    if jobs {
        sink.known = Some(SourceKind::VedoTable);
        return each(&db.conn, "SELECT * FROM video_generation_jobs", &mut |row| {
            let record = rows::object(row, &mut sink.mended)?;
            let key = rows::key(&record, "id");
            Ok(sink.take_record(&key, record))
        })
        .map_err(damaged);
    }
    if has("jobs", &["job_id", "status", "total_items"]) {
        return comic::read(path, &db.conn, tables.contains_key("job_results"), sink);
    }
    if comic::is_preferences(&tables) {
        return Ok(true);
    }
    let names: Vec<_> = tables.keys().map(String::as_str).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Err(Reject::new(Reason::UnknownShape, format!("The database has the tables of no known store; it has: {names}.")))
}

/// Hands on each row until that answers false, which is then the answer.
pub fn each(
    conn: &DatabaseConnection,
    sql: &str,
    take: &mut dyn FnMut(&QueryResult) -> Result<bool, DbErr>,
) -> Result<bool, DbErr> {
    let runtime = Handle::current();
    let statement = Statement::from_string(conn.get_database_backend(), sql);
    let mut rows = runtime.block_on(conn.stream_raw(statement))?.ready_chunks(ROWS);
    while let Some(chunk) = runtime.block_on(rows.next()) {
        for row in chunk {
            if !take(&row?)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The columns of each table.
async fn tables(conn: &DatabaseConnection) -> Result<BTreeMap<String, Vec<String>>, DbErr> {
    let sql = "SELECT m.name, c.name AS column_name FROM sqlite_master AS m, pragma_table_info(m.name) AS c \
               WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite~_%' ESCAPE '~'";
    let mut rows = conn.stream_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    while let Some(row) = rows.try_next().await? {
        tables.entry(row.try_get("", "name")?).or_default().push(row.try_get("", "column_name")?);
    }
    Ok(tables)
}

/// Opens the file as it is when nothing is pending beside it. A `-wal` with changes, or the journal of a transaction
/// that was cut off, is part of the database: then SQLite is given a private copy of both, to do with as it must.
pub async fn open(path: &Path) -> Result<Opened, Reject> {
    let pending: Vec<_> = ["-wal", "-journal"].into_iter().filter(|ending| is_filled(&beside(path, ending))).collect();
    let copy = if pending.is_empty() { None } else { Some(copy(path, &pending)?) };
    let file = copy.as_ref().map_or_else(|| path.to_owned(), |copy| copy.path().join("store.db"));
    let immutable = copy.is_none();
    let mut settings = ConnectOptions::new("sqlite://store.db");
    settings.max_connections(2).sqlx_logging(false).record_stmt_in_spans(false).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite.filename(&file).create_if_missing(false).immutable(immutable).read_only(immutable)
    });
    let conn = sea_orm::Database::connect(settings).await.map_err(damaged)?;
    Ok(Opened { conn, _copy: copy })
}

fn copy(path: &Path, pending: &[&str]) -> Result<TempDir, Reject> {
    let failed = |error: io::Error| {
        let told =
            format!("The database has changes pending beside it, and could not be copied to read them: {error}.");
        Reject::new(Reason::UnreadableFile, told)
    };
    let folder = tempfile::Builder::new().prefix("callsheet-import-").tempdir().map_err(failed)?;
    let files: Vec<_> = [""].iter().chain(pending).map(|ending| beside(path, ending)).collect();
    let state = || files.iter().map(|file| state_of(file)).collect::<io::Result<Vec<_>>>();
    let before = state().map_err(failed)?;
    for (file, ending) in files.iter().zip([""].iter().chain(pending)) {
        let target = folder.path().join(format!("store.db{ending}"));
        fs::copy(file, &target).map_err(failed)?;
        // The copy has the source's permissions, and SQLite has to write to it.
        let mut permissions = target.metadata().map_err(failed)?.permissions();
        #[allow(clippy::permissions_set_readonly_false, reason = "its folder is private")]
        permissions.set_readonly(false);
        fs::set_permissions(&target, permissions).map_err(failed)?;
    }
    if state().map_err(failed)? != before {
        let told = "The database changed while it was copied: stop the service that writes to it, and import again.";
        return Err(Reject::new(Reason::BadDatabase, told));
    }
    Ok(folder)
}

fn state_of(file: &Path) -> io::Result<(u64, SystemTime)> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), metadata.modified()?))
}

fn beside(path: &Path, ending: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn is_filled(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.len() > 0)
}

pub fn damaged(error: DbErr) -> Reject {
    Reject::new(Reason::BadDatabase, format!("The SQLite database cannot be read: {}.", cause(&error)))
}

/// The database's own words, without what each layer puts before them.
pub fn cause(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once("error returned from database: ").map_or(text.as_str(), |(_, cause)| cause);
    // PostgreSQL tells in which line of its own source it found out.
    let text = text.rsplit_once(" at line ").map_or(text, |(cause, _)| cause);
    text.trim_end_matches('.').to_owned()
}
