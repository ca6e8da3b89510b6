//! The command line, one file per command. Results go to standard output, everything else to
//! standard error.

mod answers;
mod archive;
mod audit;
mod backup;
mod completions;
pub mod doctor;
mod export;
mod import;
mod import_progress;
mod imports;
mod jobs;
mod keys;
mod migrate;
mod openapi;
mod out;
mod queue;
mod remote;
mod restore;
mod retention;
mod schedules;
mod serve;
mod stop_signal;
mod target;
mod webhooks;
mod work;
mod workers;

use crate::{
    app::App,
    atomic_file, clock,
    config::{self, Config, ConfigError, Flags, ServerFlags, StorageFlags},
    db::{BackupError, ConnectError, MigrateError, migrate as schema, sqlite_file},
    error::Error,
    import::{SqliteArguments, read_sqlite},
    printable::{printable, printable_lines, steers},
    process, telemetry, worker,
};
use clap::{CommandFactory, Parser, Subcommand};
use std::{path::Path, process::ExitCode};
use target::Target;

/// Meaning of the exit codes, printed below `--help`.
const EXIT_CODES: &str = "Exit codes:
  0  done
  1  could not be done, and standard error says why; or doctor or archive verify found a fault, or
     the job that was watched did not complete
  2  the command line or a setting is invalid
  3  import, export, tables of jobs: done, but some records were rejected or could not be read

The settings under Configuration can also be set in the environment, or in the file given with --config.";

/// The durable job service for video generation
///
/// Keeps every job of a video pipeline in one table, on SQLite or PostgreSQL, and serves it over
/// HTTP. Without a command, it starts the server.
#[derive(Parser)]
#[command(name = "callsheet", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
#[allow(clippy::large_enum_variant, reason = "a process has one")]
enum Command {
    /// Serve the API (the default command)
    Serve(Box<ServerFlags>),
    /// Change or show the schema of the database
    Migrate(migrate::Arguments),
    /// Import the jobs of an older store or of an export
    Import(import::Arguments),
    /// Show or abort imports, and show the records that they rejected
    Imports(imports::Arguments),
    /// Export all jobs with their items and their history
    Export(export::Arguments),
    /// Copy the whole database into one file, while servers write
    Backup(backup::Arguments),
    /// Make a database from a backup
    Restore(restore::Arguments),
    /// Show what retention would remove, and remove it
    Retention(retention::Arguments),
    /// Archive ended jobs, and show, restore and verify archived ones
    Archive(archive::Arguments),
    /// Show, create and change jobs
    Jobs(jobs::Arguments),
    /// Run a worker: claim jobs from a server and run a command for each
    Work(work::Arguments),
    #[command(hide = true)]
    WorkGuard(work::GuardArguments),
    #[command(hide = true)]
    ReadSqlite(SqliteArguments),
    /// Pause, resume and limit queues; each job type has one
    Queue(queue::Arguments),
    /// Add, show, pause, run and remove schedules, which create jobs by the clock
    Schedules(schedules::Arguments),
    /// Add, test, pause, replay and remove webhooks, which are sent what happens to jobs
    Webhooks(webhooks::Arguments),
    /// Show the workers, and the jobs that each holds
    Workers(workers::Arguments),
    /// Look for what is wrong with the configuration, the database, the work and a server; changes
    /// nothing
    Doctor(doctor::Arguments),
    /// Create, show, revoke and rotate the keys that may call the servers
    Keys(keys::Arguments),
    /// Show who called what that changed something, where callers have keys
    Audit(audit::Arguments),
    /// Print the OpenAPI document
    Openapi(openapi::Arguments),
    /// Print a script by which a shell completes commands and flags
    Completions(completions::Arguments),
}

/// Reason why a command failed: one sentence and an exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Connect(#[from] ConnectError),
    #[error("{0}")]
    Migrate(#[from] MigrateError),
    #[error("{0}")]
    Refused(#[from] Error),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Other(String),
    #[error("{0}")]
    Backup(#[from] BackupError),
    #[error("{0}")]
    Work(#[from] worker::Failure),
    #[error("the output cannot be written: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Failure::Config(_) | Failure::Usage(_) | Failure::Work(worker::Failure::Command(_)) => {
                2
            }
            _ => 1,
        }
    }
}

/// Runs the command given by the arguments, and returns its exit code.
pub async fn run() -> ExitCode {
    match dispatch().await {
        Ok(code) => code,
        // The reader of the output has closed the pipe, e.g. `callsheet export | head`.
        Err(Failure::Output(e)) if e.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            out::note(format_args!("callsheet: {failure}"));
            ExitCode::from(failure.code())
        }
    }
}

async fn dispatch() -> Result<ExitCode, Failure> {
    let cli = parse();
    let Some(command) = cli.command else {
        return Ok(ExitCode::from(2));
    };
    clock::check(clock::since_1970()).map_err(|why| Failure::Other(why.to_owned()))?;
    match command {
        Command::Openapi(arguments) => openapi::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Doctor(arguments) => doctor::run(cli.flags, arguments).await,
        Command::Work(arguments) => work::run(cli.flags, arguments).await,
        Command::WorkGuard(arguments) => work::guard(&arguments),
        Command::ReadSqlite(arguments) => {
            read_sqlite(arguments).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Serve(server) => serve::run(open(cli.flags, *server, Use::Serve).await?).await,
        Command::Migrate(arguments) => {
            let purpose = Use::create_if(arguments.creates());
            migrate::run(
                open(cli.flags, ServerFlags::default(), purpose).await?,
                arguments,
            )
            .await
        }
        Command::Import(import::Arguments {
            explain: Some(file),
            ..
        }) => import::explain(file).await,
        Command::Import(arguments) if arguments.dry_run => {
            arguments.check()?;
            import::run(untouched(cli.flags).await?, arguments).await
        }
        Command::Import(arguments) => {
            arguments.check()?;
            let app = ready(cli.flags, true).await?;
            run_and_close(&app, import::run(app.clone(), arguments)).await
        }
        Command::Imports(arguments) => {
            let target = target(cli.flags, arguments.server.as_deref()).await?;
            imports::run(target, arguments).await
        }
        Command::Queue(arguments) => {
            let target = target(cli.flags, arguments.server.as_deref()).await?;
            queue::run(target, arguments).await
        }
        Command::Schedules(arguments) => {
            let target = match arguments.server.as_deref() {
                Some(url) => Target::server(cli.flags, url)?,
                None => Target::Database(Box::new(ready(cli.flags, arguments.creates()).await?)),
            };
            schedules::run(target, arguments).await
        }
        Command::Webhooks(arguments) => {
            let allowed = ServerFlags {
                webhooks: arguments.allowed.clone(),
                ..ServerFlags::default()
            };
            let target = match arguments.server.as_deref() {
                Some(url) => Target::server(cli.flags, url)?,
                None => {
                    let app = ready_with(cli.flags, allowed, arguments.creates()).await?;
                    Target::Database(Box::new(app))
                }
            };
            webhooks::run(target, arguments).await
        }
        Command::Keys(arguments) => {
            let app = ready(cli.flags, arguments.creates()).await?;
            run_and_close(&app, keys::run(app.clone(), arguments)).await
        }
        Command::Audit(arguments) => audit::run(ready(cli.flags, false).await?, arguments).await,
        Command::Workers(arguments) => {
            let target = target(cli.flags, arguments.server.as_deref()).await?;
            workers::run(target, arguments).await
        }
        Command::Export(arguments) => export::run(ready(cli.flags, false).await?, arguments).await,
        Command::Backup(arguments) => backup::run(ready(cli.flags, false).await?, arguments).await,
        Command::Restore(arguments) => restore::run(cli.flags, arguments).await,
        Command::Retention(arguments) => {
            let app = ready_with(cli.flags, of_storage(&arguments.storage), false).await?;
            run_and_close(&app, retention::run(app.clone(), arguments)).await
        }
        Command::Archive(arguments) => {
            let app = ready_with(cli.flags, of_storage(&arguments.storage), false).await?;
            run_and_close(&app, archive::run(app.clone(), arguments)).await
        }
        Command::Jobs(arguments) => {
            let target = match arguments.server.as_deref() {
                Some(url) => Target::server(cli.flags, url)?,
                None if arguments.is_dry_run() => {
                    Target::Database(Box::new(untouched(cli.flags).await?))
                }
                None => Target::Database(Box::new(ready(cli.flags, arguments.creates()).await?)),
            };
            jobs::run(target, arguments).await
        }
    }
}

/// Returns where a command works that needs a database or a server: the server at the URL, if there
/// is one.
async fn target(flags: Flags, server: Option<&str>) -> Result<Target, Failure> {
    match server {
        Some(url) => Target::server(flags, url),
        None => Ok(Target::Database(Box::new(ready(flags, false).await?))),
    }
}

/// Runs a command that may write, then closes the database, which first notifies its servers.
async fn run_and_close(
    app: &App,
    run: impl Future<Output = Result<ExitCode, Failure>>,
) -> Result<ExitCode, Failure> {
    let outcome = run.await;
    let _ = app.jobs.database().clone().close().await;
    outcome
}

/// Rejects an output file that would overwrite the database.
fn spare_database(app: &App, file: &Path) -> Result<(), Failure> {
    let database = sqlite_file(&app.config.database_url);
    match database.is_some_and(|database| atomic_file::would_change(file, &[database])) {
        true => Err(Failure::Usage(format!(
            "{} is the database itself: name another file",
            file.display()
        ))),
        false => Ok(()),
    }
}

/// Returns untrusted text in one line, with terminal control characters escaped.
fn plain(text: &str) -> String {
    printable(text).into_owned()
}

/// Purpose for which a command opens the database.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// The command needs a database that exists.
    Existing,
    /// The command may create a database.
    Create,
    /// The server, which may create a database too.
    Serve,
}

impl Use {
    fn create_if(creates: bool) -> Self {
        if creates {
            Self::Create
        } else {
            Self::Existing
        }
    }
}

/// Opens the app on its database, without a check of the schema.
async fn open(flags: Flags, server: ServerFlags, purpose: Use) -> Result<App, Failure> {
    let file = flags.config.clone();
    let config = Config::load(flags, server)?;
    telemetry::start(&config.log, config.log_format).map_err(Failure::Usage)?;
    if config.group_readable {
        process::let_group_read();
    }
    if let Some(file) = file.filter(|file| config::shows_password(file)) {
        tracing::warn!(
            file = %file.display(),
            "every user of this machine can read the password in the configuration file: run \
            chmod 600"
        );
    }
    Ok(App::open(config, purpose != Use::Existing, purpose == Use::Serve).await?)
}

/// Opens the app on a database with the newest schema. With `create`, it creates and migrates a
/// database that does not exist; only `serve` and `migrate` change the schema of one in use. A
/// command that only reads creates no database: with a mistyped path, it would find no jobs and
/// report no error.
async fn ready(flags: Flags, create: bool) -> Result<App, Failure> {
    ready_with(flags, ServerFlags::default(), create).await
}

/// Opens the app as [`ready`] does, with settings of a server.
async fn ready_with(flags: Flags, server: ServerFlags, create: bool) -> Result<App, Failure> {
    let app = open(flags, server, Use::create_if(create)).await?;
    let db = app.jobs.database();
    let steps = schema::status(db).await?;
    if create && steps.iter().all(|step| !step.applied) {
        schema::migrate(db, schema::Change::Up { limit: None }).await?;
        return Ok(app);
    }
    match steps.iter().filter(|step| !step.applied).count() {
        0 => Ok(app),
        n => Err(Failure::Other(format!(
            "the schema of this database lacks {n} of {} steps: run `callsheet migrate up` first",
            steps.len()
        ))),
    }
}

/// Opens the app for a command that must not change the database. The app is detached if the
/// database or its schema does not exist yet.
async fn untouched(flags: Flags) -> Result<App, Failure> {
    let config = Config::load(flags.clone(), ServerFlags::default())?;
    match open(flags.clone(), ServerFlags::default(), Use::Existing).await {
        Err(Failure::Connect(ConnectError::Missing(_))) => Ok(App::detached(config)),
        Err(other) => Err(other),
        Ok(app)
            if schema::status(app.jobs.database())
                .await?
                .iter()
                .all(|s| !s.applied) =>
        {
            Ok(App::detached(config))
        }
        Ok(_) => ready(flags, false).await,
    }
}

fn of_storage(storage: &StorageFlags) -> ServerFlags {
    ServerFlags {
        storage: storage.clone(),
        ..ServerFlags::default()
    }
}

/// Parses the arguments; without a command, as those of `serve`.
fn parse() -> Cli {
    let arguments: Vec<_> = std::env::args_os().collect();
    let named = Cli::try_parse_from(&arguments);
    if named.as_ref().is_ok_and(|cli| cli.command.is_some()) {
        return named.unwrap_or_else(|error| exit(&error));
    }
    let mut served = arguments.clone();
    served.insert(1.min(served.len()), "serve".into());
    // If both fail, the error of the first parse explains more.
    Cli::try_parse_from(served).unwrap_or_else(|_| named.unwrap_or_else(|error| exit(&error)))
}

/// Prints the error and exits. The error quotes arguments, which a script may have taken from
/// untrusted text, so control characters are escaped.
fn exit(error: &clap::Error) -> ! {
    let text = error.render().to_string();
    if !text.contains(|c| c != '\n' && steers(c)) {
        error.exit();
    }
    out::note(printable_lines(&text));
    std::process::exit(error.exit_code())
}

/// Returns the full help text of all commands.
pub fn help() -> String {
    fn add(command: &mut clap::Command, path: &str, text: &mut String) {
        let path = format!("{path}{}", command.get_name());
        text.push_str(&format!(
            "$ {path} --help\n{}\n",
            command.clone().term_width(100).render_long_help()
        ));
        for sub in command
            .get_subcommands_mut()
            .filter(|c| c.get_name() != "help" && !c.is_hide_set())
        {
            add(sub, &format!("{path} "), text);
        }
    }
    let mut text = String::new();
    let mut command = Cli::command();
    command.build();
    add(&mut command, "", &mut text);
    text
}
