//! The commands and their arguments, and their help texts.

use super::{
    archive, audit, backup, completions, doctor, export, import, imports, jobs, keys, migrate,
    openapi, out, queue, restore, retention, schedules, servers, webhooks, work, workers,
};
use crate::{
    config::{Flags, ServerFlags},
    import::SqliteArguments,
    printable::{printable_lines, steers},
};
use clap::{CommandFactory, Parser, Subcommand};

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
pub struct Cli {
    #[command(flatten)]
    pub flags: Flags,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Subcommand)]
#[allow(clippy::large_enum_variant, reason = "a process has one")]
pub enum Command {
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
    /// Show the servers of the database, and their versions
    Servers(servers::Arguments),
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

/// Parses the arguments; without a command, as those of `serve`.
pub fn parse() -> Cli {
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
