//! The `callsheet work` command.

use super::Failure;
use crate::{
    config::{Config, Flags, ServerFlags, api_key, environment_of_programs},
    media_folder::MediaFolder,
    telemetry,
    worker::{self, Options},
};
use callsheet_client::Server;
use clap::Args;
use std::{ffi::OsString, path::PathBuf, process::ExitCode, time::Duration};

/// Text printed below `callsheet work --help`.
const PROTOCOL: &str = r#"The command gets the job on standard input, as one line of JSON: {"job": {…}, "items": [{…}, …]},
with every item of the job, and in its environment CALLSHEET_JOB_ID, CALLSHEET_JOB_TYPE,
CALLSHEET_ATTEMPT, CALLSHEET_MAX_ATTEMPTS, CALLSHEET_WORKER_ID, CALLSHEET_SERVER and
CALLSHEET_JOB_TOKEN, a key for calls about this job alone. Of the worker's own environment it
gets PATH, HOME, LANG, LC_*, TZ and TMPDIR, where they are set, and what --pass-env names, such as
CUDA_VISIBLE_DEVICES; nothing else.
It reports on standard output, one JSON object a line:
  {"progress": 10, "stage": "Story"}            percent, and the current step
  {"total_shots": 12}                           how many items there will be
  {"item": {"key": "shot-3", "status": "completed", "result": {…}}}
  {"result": {"video_path": "/media/…"}}        the result of the job
Other lines become events of the job. A result or an item that cannot be taken fails the attempt,
with the number of its line. Exit code 0 completes the job, also after SIGTERM; 75 asks for another
attempt; any other fails the attempt, with the end of standard error as its error."#;

#[derive(Args)]
#[command(after_help = PROTOCOL)]
pub struct Arguments {
    /// Types of the jobs to work on; can be repeated, or separated by commas
    #[arg(
        long = "type",
        required = true,
        value_name = "TYPE",
        value_delimiter = ','
    )]
    types: Vec<String>,
    /// Maximum number of jobs that run at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    concurrency: u32,
    /// URL of the server that has the jobs
    #[arg(
        long,
        env = "CALLSHEET_SERVER",
        hide_env_values = true,
        value_name = "URL",
        default_value = "http://127.0.0.1:3001"
    )]
    server: String,
    /// File with the key to send to the server; or set the key itself in CALLSHEET_API_KEY. The
    /// command gets neither
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Not a setting: only there to be refused with a sentence.
    #[arg(long, hide = true, value_name = "KEY")]
    api_key: Option<String>,
    /// Length of the lease: the server takes the job back if it gets no heartbeat for this time
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86400))]
    lease_seconds: u64,
    /// Time for the command to end by itself, from SIGTERM to SIGKILL
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=3600))]
    grace: u64,
    /// Name of the worker [default: host, process id and a random number]
    #[arg(long, value_name = "NAME", value_parser = name)]
    worker_id: Option<String>,
    /// Folder to run the command in
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Media folder of the server, as this host sees it: an item or a result with a path under
    /// /media/ that is missing or empty there fails the attempt
    #[arg(
        long,
        env = "CALLSHEET_MEDIA_DIR",
        hide_env_values = true,
        value_name = "DIR"
    )]
    media: Option<PathBuf>,
    /// Do not look for the files that the command reports
    #[arg(long)]
    no_check_media: bool,
    /// Environment variable of the worker to pass to the command; can be repeated, or separated by
    /// commas
    #[arg(long, env = "CALLSHEET_PASS_ENV", hide_env_values = true, value_name = "NAME", value_delimiter = ',', value_parser = variable)]
    pass_env: Vec<String>,
    /// Command to run for each job, with its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Arguments of the internal command that a worker runs between itself and a program.
#[derive(Args)]
pub struct GuardArguments {
    /// Umask of the command, in octal digits
    #[arg(long, value_parser = octal)]
    umask: Option<u32>,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

pub async fn run(flags: Flags, arguments: Arguments) -> Result<ExitCode, Failure> {
    let config = Config::load(flags, ServerFlags::default())?;
    telemetry::start(&config.log, config.log_format).map_err(Failure::Usage)?;
    if arguments.api_key.is_some() {
        return Err(Failure::Usage(
            "a key on the command line is seen in lists of processes: name its file with \
            --api-key-file, or set CALLSHEET_API_KEY"
                .to_owned(),
        ));
    }
    let options = Options {
        key: api_key(arguments.api_key_file.as_deref())?,
        // Not parsed by clap, which quotes invalid values in its errors, including passwords.
        server: arguments.server.parse::<Server>().map_err(Failure::Usage)?,
        job_types: arguments.types,
        concurrency: arguments.concurrency,
        lease: Duration::from_secs(arguments.lease_seconds),
        grace: Duration::from_secs(arguments.grace),
        worker_id: arguments.worker_id,
        folder: arguments.dir,
        media: arguments
            .media
            .filter(|_| !arguments.no_check_media)
            .map(MediaFolder::new),
        environment: environment_of_programs(&arguments.pass_env),
        command: arguments.command,
    };
    worker::run(options).await?;
    Ok(ExitCode::SUCCESS)
}

pub fn guard(arguments: &GuardArguments) -> Result<ExitCode, Failure> {
    worker::guard(&arguments.command, arguments.umask)?;
    Ok(ExitCode::SUCCESS)
}

fn octal(text: &str) -> Result<u32, std::num::ParseIntError> {
    u32::from_str_radix(text, 8)
}

/// Parses a worker id by the server's rules: 1 to 200 characters without control characters.
fn name(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    let good = (1..=200).contains(&length) && !text.chars().any(char::is_control);
    if good {
        Ok(text.to_owned())
    } else {
        Err("use 1 to 200 visible characters".to_owned())
    }
}

/// Parses the name of an environment variable. The name is empty between two commas of a list.
fn variable(text: &str) -> Result<String, String> {
    let name = text.trim();
    let good = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if good {
        Ok(name.to_owned())
    } else {
        Err("name the variable alone, e.g. CUDA_VISIBLE_DEVICES".to_owned())
    }
}
