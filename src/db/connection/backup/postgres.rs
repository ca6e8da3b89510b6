//! Copy of a PostgreSQL database by `pg_dump`, which reads one snapshot, and its way back by
//! `pg_restore`.

use super::{
    BackupError, BackupFile, Restored, blocking, failed_at, finish, last_words, no_backup,
};
use crate::{atomic_file::AtomicFile, shown_url::shown_url};
use sqlx::{Connection, PgConnection, Row};
use std::{
    io::ErrorKind,
    path::Path,
    process::{Output, Stdio},
};
use tokio::process::Command;
use url::Url;

/// First bytes of a dump in the custom format.
const MAGIC: &[u8] = b"PGDMP";

/// Dumps the database in the custom format of `pg_dump`, and reads its table of contents back.
pub async fn dump(url: &str, file: &Path) -> Result<BackupFile, BackupError> {
    let (whole, copy) = AtomicFile::create(file).map_err(failed_at(file))?;
    let part = whole.path().as_os_str();
    let mut command = program("pg_dump", url)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]);
    command.arg(part);
    run("pg_dump", url, &mut command, file).await?;
    let mut listing = Command::new("pg_restore");
    listing.arg("--list").arg(part);
    let listed = run("pg_restore", url, &mut listing, file).await?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    if !listed.contains(" video_generation_jobs ") {
        let why = "it has no table of jobs".to_owned();
        return Err(BackupError::Broken(why));
    }
    let bytes = finish(whole, copy, file).await?;
    Ok(BackupFile {
        path: file.to_owned(),
        bytes,
        jobs: None,
    })
}

/// Makes the tables of the dump in an empty database, all or none.
pub async fn restore(url: &str, file: &Path) -> Result<Restored, BackupError> {
    let unreadable = |why| BackupError::Unreadable {
        file: file.to_owned(),
        why,
    };
    let first = blocking({
        let file = file.to_owned();
        move || {
            use std::io::Read;
            let mut first = Vec::new();
            std::fs::File::open(file)?
                .take(MAGIC.len() as u64)
                .read_to_end(&mut first)?;
            Ok(first)
        }
    });
    if first.await.map_err(unreadable)? != MAGIC {
        let why = "a backup of PostgreSQL is a dump in the custom format of pg_dump";
        return Err(no_backup(file, why));
    }
    refuse_tables(url).await?;
    let mut command = program("pg_restore", url)?;
    command.args([
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--single-transaction",
    ]);
    command.arg(file);
    run("pg_restore", url, &mut command, file).await?;
    Ok(Restored::Tables)
}

async fn refuse_tables(url: &str) -> Result<(), BackupError> {
    let failed = |error: sqlx::Error| BackupError::Copy(crate::db::without_values(&error));
    let mut connection = PgConnection::connect(url).await.map_err(failed)?;
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()";
    let tables: i64 = sqlx::query(tables)
        .fetch_one(&mut connection)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(failed)?;
    connection.close().await.map_err(failed)?;
    match tables {
        0 => Ok(()),
        _ => Err(BackupError::NotEmpty),
    }
}

/// Returns the program with the database as its argument. The password goes by the environment,
/// since other users see arguments in lists of processes.
fn program(name: &'static str, url: &str) -> Result<Command, BackupError> {
    let mut address = Url::parse(url).map_err(|_| BackupError::NoDatabase)?;
    let mut command = Command::new(name);
    let password = address.password().map(decoded);
    let _ = address.set_password(None);
    let (passwords, kept): (Vec<_>, Vec<_>) = address
        .query_pairs()
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        // The others are settings of the driver that the programs do not know.
        .filter(|(key, _)| ["sslmode", "host", "port", "user", "password"].contains(&key.as_str()))
        .partition(|(key, _)| key == "password");
    address.set_query(None);
    for (key, value) in kept {
        address.query_pairs_mut().append_pair(&key, &value);
    }
    let in_query = passwords.into_iter().next().map(|(_, value)| value);
    if let Some(password) = password.or(in_query) {
        command.env("PGPASSWORD", password);
    }
    command.arg("--dbname").arg(address.as_str());
    Ok(command)
}

/// Decodes the percent signs of a part of a URL.
fn decoded(part: &str) -> String {
    let query = part
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(text, _)| text.into_owned())
}

async fn run(
    program: &'static str,
    url: &str,
    command: &mut Command,
    file: &Path,
) -> Result<Output, BackupError> {
    let ran = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    match ran {
        Ok(output) if output.status.success() => Ok(output),
        Ok(output) => Err(BackupError::Program {
            program,
            why: last_words(&output.stderr),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let options = match program {
                "pg_dump" => format!("--format=custom --file={}", file.display()),
                _ => format!("--no-owner --single-transaction {}", file.display()),
            };
            let command = format!("{program} --dbname={} {options}", shown_url(url));
            Err(BackupError::NoProgram { program, command })
        }
        Err(error) => Err(BackupError::Program {
            program,
            why: error.to_string(),
        }),
    }
}
