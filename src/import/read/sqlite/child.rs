//! Child process that reads a SQLite file. It writes the records to its standard output, and has no
//! other secret or file than that database.

use super::{
    super::super::{
        reject::{Reason, Reject},
        sources::SourceKind,
        split::too_large,
    },
    Openable, comic, limits,
    message::{Message, Out},
    open::{Table, Tables, damaged, open, stored, unknown},
    rows,
};
use clap::Args;
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, SqliteConnection, sqlite::SqliteRow};
use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
};

/// Maximum rows of a table in a sample.
const MAX_SAMPLED_ROWS: u32 = 50;

/// Files for the SQLite reader; internal to `callsheet import`.
#[derive(Args, Debug)]
pub struct Arguments {
    #[arg(long)]
    jobs: PathBuf,
    #[arg(long)]
    jobs_copied: bool,
    #[arg(long)]
    preferences: Option<PathBuf>,
    #[arg(long)]
    preferences_copied: bool,
    /// Reads the rows of one table as they are, for the user's map.
    #[arg(long)]
    mapped: bool,
    /// Table to read; without it, the only one of the file.
    #[arg(long, allow_hyphen_values = true)]
    table: Option<String>,
    /// Column of the id.
    #[arg(long, allow_hyphen_values = true, default_value = "id")]
    key: String,
    /// Reads the first rows of every table.
    #[arg(long)]
    sample: bool,
}

/// Reason for an early end of the reading.
pub enum Stopped {
    /// The rest of the file cannot be read.
    Rejected(Reject),
    /// The parent process no longer reads the output.
    Unheard(io::Error),
}

pub type Step<T = ()> = Result<T, Stopped>;

impl From<Reject> for Stopped {
    fn from(reject: Reject) -> Self {
        Stopped::Rejected(reject)
    }
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Stopped::Unheard(error)
    }
}

impl From<sqlx::Error> for Stopped {
    fn from(error: sqlx::Error) -> Self {
        Stopped::Rejected(damaged(error))
    }
}

/// Reads the file within limits, and writes its records to standard output.
pub async fn run(arguments: Arguments) -> io::Result<()> {
    limits::limit_this_process()?;
    let mut out = Out(BufWriter::with_capacity(1 << 16, io::stdout()));
    let jobs = Openable {
        file: arguments.jobs,
        immutable: !arguments.jobs_copied,
    };
    let immutable = !arguments.preferences_copied;
    let preferences = arguments
        .preferences
        .map(|file| Openable { file, immutable });
    let outcome = match (arguments.mapped, arguments.sample) {
        (true, _) => one_table(&jobs, arguments.table.as_deref(), &arguments.key, &mut out).await,
        (_, true) => sample(&jobs, &mut out).await,
        _ => read(&jobs, preferences.as_ref(), &mut out).await,
    };
    match outcome {
        Ok(()) => {}
        Err(Stopped::Rejected(reject)) => out.reject(None, &[], reject)?,
        Err(Stopped::Unheard(error)) => return Err(error),
    }
    out.say(Message::End, &[])?;
    out.0.flush()
}

async fn read<W: Write>(file: &Openable, preferences: Option<&Openable>, out: &mut Out<W>) -> Step {
    let mut conn = open(file).await?;
    let names = [
        "video_generation_jobs",
        "jobs",
        "job_results",
        "preferences",
        "active_job",
    ];
    let tables = Tables::of(&mut conn, &names).await?;
    let vedo = tables.with("video_generation_jobs", &["id", "job_type", "status"]);
    if vedo.is_some()
        && tables
            .with("video_generation_jobs", &["lease_token"])
            .is_some()
    {
        let detail = "This is a database of Callsheet itself: write it out with `callsheet \
            export`, and import that.";
        return Err(Reject::new(Reason::UnknownShape, detail).into());
    }
    if let Some(table) = vedo {
        out.say(
            Message::Store {
                name: SourceKind::VedoTable.name().to_owned(),
            },
            &[],
        )?;
        return all_of(table, "id", &mut conn, out).await;
    }
    if let Some(jobs) = tables.with("jobs", &["job_id", "status", "total_items"]) {
        let results = tables.with("job_results", &["job_id", "item", "success"]);
        return comic::read(
            comic::Store {
                file,
                jobs,
                results,
                preferences,
            },
            &mut conn,
            out,
        )
        .await;
    }
    // comic's settings are not jobs, and its active job is read together with the jobs.
    if tables.with("preferences", &[]).is_some() && tables.with("active_job", &[]).is_some() {
        return Ok(());
    }
    Err(unknown(&mut conn).await.into())
}

/// Reads the rows of the named table, or of the only one.
async fn one_table<W: Write>(
    file: &Openable,
    name: Option<&str>,
    key: &str,
    out: &mut Out<W>,
) -> Step {
    let mut conn = open(file).await?;
    let names = stored(&mut conn).await?;
    let name = match (name, names.as_slice()) {
        (Some(name), _) if names.iter().any(|known| known == name) => name,
        (None, [only]) => only,
        (given, _) => {
            let what = given.map_or("Name its table with --table".to_owned(), |name| {
                format!("The database has no table `{name}`; name one with --table")
            });
            let detail = if names.is_empty() {
                "The database has no tables.".to_owned()
            } else {
                format!("{what}: {}.", names.join(", "))
            };
            return Err(Reject::new(Reason::UnknownShape, detail).into());
        }
    };
    let tables = Tables::of(&mut conn, &[name]).await?;
    let table = tables.with(name, &[]).ok_or_else(|| {
        let detail = format!("The table {name} cannot be read.");
        Reject::new(Reason::BadDatabase, detail)
    })?;
    all_of(table, table.column(key), &mut conn, out).await
}

/// Reads the first rows of every table.
async fn sample<W: Write>(file: &Openable, out: &mut Out<W>) -> Step {
    let mut conn = open(file).await?;
    for name in stored(&mut conn).await? {
        let tables = Tables::of(&mut conn, &[&name]).await?;
        let Some(table) = tables.with(&name, &[]) else {
            continue;
        };
        out.say(Message::Store { name: name.clone() }, &[])?;
        let sql = format!("{} LIMIT {MAX_SAMPLED_ROWS}", table.rows());
        let mut found = sqlx::query(AssertSqlSafe(sql)).fetch(&mut conn);
        while let Some(row) = found.try_next().await? {
            hand_on(row, "", out)?;
        }
    }
    Ok(())
}

/// Reads a table whose rows are the records.
async fn all_of<W: Write>(
    table: &Table,
    key: &str,
    conn: &mut SqliteConnection,
    out: &mut Out<W>,
) -> Step {
    table.check(conn).await?;
    let mut found = sqlx::query(AssertSqlSafe(table.rows())).fetch(&mut *conn);
    while let Some(row) = found.try_next().await? {
        hand_on(row, key, out)?;
    }
    drop(found);
    large(table, key, conn, out).await
}

fn hand_on<W: Write>(row: SqliteRow, key: &str, out: &mut Out<W>) -> Step {
    let mut repairs = Vec::new();
    let record = rows::object(&row, &mut repairs)?;
    // The row may be large, and so may be its JSON.
    drop(row);
    let key = rows::key(&record, key);
    match rows::text(&record) {
        Some(text) => out.record(&key, &text, repairs)?,
        None => out.reject(Some(&key), &[], too_large())?,
    }
    Ok(())
}

/// Rejects the rows that are too large.
pub async fn large<W: Write>(
    table: &Table,
    key: &str,
    conn: &mut SqliteConnection,
    out: &mut Out<W>,
) -> Step {
    let keys = sqlx::query_scalar::<_, Option<String>>(AssertSqlSafe(table.large_rows(key)));
    let mut keys = keys.fetch(conn);
    while let Some(key) = keys.try_next().await? {
        out.reject(Some(key.as_deref().unwrap_or_default()), &[], too_large())?;
    }
    Ok(())
}
