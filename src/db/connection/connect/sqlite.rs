//! File of a SQLite database: where it is, and how it is made and checked.

use super::{ConnectError, Options, without_values};
use crate::shown_url::shown_url;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sqlx::{Connection, sqlite::SqliteConnectOptions};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Time that a statement on SQLite waits while another process writes.
pub(super) const SQLITE_BUSY: Duration = Duration::from_secs(5);

/// Refuses a SQLite file whose texts are UTF-16: sizes are counted in bytes of UTF-8.
pub(super) async fn check_sqlite_encoding(
    conn: &sea_orm::DatabaseConnection,
    options: &Options,
) -> Result<(), ConnectError> {
    if conn.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let pragma = Statement::from_string(DbBackend::Sqlite, "PRAGMA encoding");
    // A file that cannot be read is reported by the first call that needs it.
    let Ok(Some(row)) = conn.query_one_raw(pragma).await else {
        return Ok(());
    };
    match row.try_get_by_index::<String>(0) {
        Ok(encoding) if encoding != "UTF-8" => Err(ConnectError::Encoding {
            url: shown_url(&options.url),
            encoding,
            create: "PRAGMA encoding = 'UTF-8'",
        }),
        _ => Ok(()),
    }
}

/// Creates the SQLite file if it does not exist, by one connection that is closed again.
pub(super) async fn create_file(url: &str, options: &Options) -> Result<(), ConnectError> {
    let open = |error| ConnectError::Open {
        url: shown_url(&options.url),
        why: without_values(&error),
    };
    let file: SqliteConnectOptions = url.parse().map_err(open)?;
    let file = file.create_if_missing(true).busy_timeout(SQLITE_BUSY);
    sqlx::SqliteConnection::connect_with(&file)
        .await
        .map_err(open)?
        .close()
        .await
        .map_err(open)
}

/// Path of the SQLite file that a URL names; `None` for another database. Percent signs and blanks
/// mean what they mean when the file is opened: `%20` is a blank, and so is a blank.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let options: SqliteConnectOptions = url.starts_with("sqlite:").then(|| url.parse().ok())??;
    Some(options.get_filename().to_owned())
}

/// Creates the folder of the database file, because SQLite creates only the file.
pub(super) fn make_folder(file: &Path) -> Result<(), ConnectError> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder)
            .map_err(|error| ConnectError::Folder(folder.display().to_string(), error)),
        _ => Ok(()),
    }
}
