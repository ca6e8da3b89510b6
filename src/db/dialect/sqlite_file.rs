//! File of SQLite: its settings, and its pages. Nothing here concerns PostgreSQL.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// Applies the settings of the database as a whole that a migration needs. Connecting does not
/// apply them, so that a database of another application stays unchanged.
pub async fn prepare(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    match db.get_database_backend() {
        // Both are stored in the file. With WAL, readers and the writer do not wait for each other.
        DbBackend::Sqlite => {
            if is_empty_file(db).await? {
                // Another process may be making the file, and chooses the same.
                let _ = db
                    .execute_unprepared("PRAGMA auto_vacuum = INCREMENTAL")
                    .await;
            }
            db.execute_unprepared("PRAGMA journal_mode = WAL")
                .await
                .map(|_| ())
        }
        _ => Ok(()),
    }
}

/// Returns whether the SQLite file has no page yet. Only then can its way of the vacuum be chosen.
async fn is_empty_file(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(pages(db, "PRAGMA page_count").await? == Some(0))
}

/// Returns the number of pages of the SQLite file that hold nothing; `None` for PostgreSQL.
pub async fn free_pages(db: &impl ConnectionTrait) -> Result<Option<u64>, DbErr> {
    if db.get_database_backend() != DbBackend::Sqlite {
        return Ok(None);
    }
    let free = pages(db, "PRAGMA freelist_count").await?;
    Ok(free.map(i64::unsigned_abs))
}

/// Gives free pages at the end of the SQLite file back to the file system, at most `most`. Does
/// nothing for a file that was created without this, and on PostgreSQL.
pub async fn return_pages(db: &impl ConnectionTrait, most: u64) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    if backend != DbBackend::Sqlite {
        return Ok(());
    }
    // Each row that is read frees a page.
    let sql = format!("PRAGMA incremental_vacuum({most})");
    db.query_all_raw(Statement::from_string(backend, sql))
        .await
        .map(|_| ())
}

/// Page cache of a SQLite connection during bulk writes, in KiB. It holds the leaves of the
/// indexes, which each batch touches at random.
const BULK_CACHE: i64 = 32 * 1024;

/// Pages in the write-ahead log after which a connection checkpoints during bulk writes: 256 MiB. A
/// page that batch after batch changes is then written to the file once for all of them.
const BULK_LOG: i64 = 64 * 1024;

/// Prepares the connection for many inserted rows, on SQLite. The settings stay on the connection
/// after the transaction.
pub async fn expect_bulk(tx: &impl ConnectionTrait) -> Result<(), DbErr> {
    let pragmas =
        format!("PRAGMA cache_size = -{BULK_CACHE}; PRAGMA wal_autocheckpoint = {BULK_LOG}");
    match tx.get_database_backend() {
        DbBackend::Sqlite => tx.execute_unprepared(&pragmas).await.map(|_| ()),
        _ => Ok(()),
    }
}

/// Returns the number of pages that a pragma gives.
async fn pages(db: &impl ConnectionTrait, pragma: &str) -> Result<Option<i64>, DbErr> {
    let asked = Statement::from_string(DbBackend::Sqlite, pragma);
    let row = db.query_one_raw(asked).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}
