//! `callsheet work`: claims jobs from a server over HTTP and runs a program for each. It uses
//! nothing but the API, so it works from any host.
//!
//! A job passes through `claim`, `run` and `outcome`. `run` starts a `program` behind a `guard`;
//! the program's `lines` become `reports`, which the `heartbeat` sends to the server.

mod answer;
mod backoff;
mod batch;
mod claim;
mod client;
mod display;
mod guard;
mod heartbeat;
mod lease;
mod lines;
mod names;
mod obstruction;
mod outcome;
mod output;
mod pipe;
mod program;
mod reader;
mod report;
mod reports;
mod run;
mod screen;
mod server;
mod stop;
mod supervisor;
mod tail;
mod uptime;
mod work;

pub use client::Client;
pub use guard::guard;
pub use server::Server;

use crate::{media_folder::MediaFolder, random::Random};
use display::Display;
use std::{ffi::OsString, path::PathBuf, sync::Arc, time::Duration};
use stop::{StopLevel, Stopper};
use tokio::{task::JoinSet, time::sleep};

/// Timeout of a request, shorter than the time that a server which was away gives its workers to
/// come back. Half the lease if that is shorter, so that a hanging request does not cost the lease.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);

/// Maximum time in which the worker ends after a second signal.
const AT_ONCE_TIMEOUT: Duration = Duration::from_secs(5);

/// Settings of a worker, taken from the command line.
pub struct Options {
    pub server: Server,
    /// Key that the worker sends; its programs do not get it.
    pub key: Option<String>,
    pub job_types: Vec<String>,
    /// Maximum number of jobs that run at the same time.
    pub concurrency: u32,
    pub lease: Duration,
    /// Time between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// Id of the worker; the worker generates one if `None`.
    pub worker_id: Option<String>,
    /// Folder in which the program runs.
    pub folder: Option<PathBuf>,
    /// Folder in which files have to be that the program reports; `None` to look for none.
    pub media: Option<MediaFolder>,
    /// Environment variables of the program, besides those that describe the job.
    pub environment: Vec<(OsString, OsString)>,
    pub command: Vec<OsString>,
}

/// Reason why a worker ended with an error.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Command(String),
    #[error(
        "the certificates of this system cannot be read: {0}; install ca-certificates, or name a \
        file of them in SSL_CERT_FILE"
    )]
    Tls(std::io::Error),
    #[error("the worker cannot install its signal handlers: {0}")]
    Signals(std::io::Error),
    #[error("{server} refused to give jobs: {detail}")]
    Refused { server: String, detail: String },
    #[error("{0}: other jobs would fare no better, so the worker stopped")]
    Broken(String),
    #[error(
        "stopped, but the server {0} did not take the outcome of every job: those leases will run \
        out, and other workers run the jobs again"
    )]
    Untold(String),
}

/// State shared by all jobs of the worker.
struct Worker {
    id: String,
    host: String,
    options: Options,
    client: Client,
    display: Display,
    stopper: Stopper,
    chance: Arc<dyn Random>,
}

/// Runs the worker until a signal or an error stops it.
pub async fn run(options: Options, chance: Arc<dyn Random>) -> Result<(), Failure> {
    find(&options)?;
    let worker = Arc::new(Worker {
        id: options.worker_id.clone().unwrap_or_else(|| name(&*chance)),
        host: host(),
        client: Client::new(
            options.server.clone(),
            options.key.as_deref(),
            REQUEST_TIMEOUT.min(options.lease / 2),
        )
        .map_err(Failure::Tls)?,
        display: Display::new(),
        stopper: Stopper::listen().map_err(Failure::Signals)?,
        options,
        chance,
    });
    worker.display.say(format_args!(
        "{} works on {} of {}, {} at a time",
        worker.id,
        worker.options.job_types.join(", "),
        worker.options.server,
        worker.options.concurrency
    ));
    let mut running = JoinSet::new();
    let worked = work::work(&worker, &mut running).await;
    while running.try_join_next().is_some() {}
    if !running.is_empty() && worker.stopper.now() > StopLevel::Drain {
        let jobs = if running.len() == 1 {
            "the job is"
        } else {
            "all jobs are"
        };
        worker.display.note(format_args!(
            "stopping: {jobs} stopped and returned to the queue; send a second signal to kill \
            them at once"
        ));
    }
    tokio::select! {
        () = async { while running.join_next().await.is_some() {} } => {}
        () = async { worker.stopper.at_once().await; sleep(AT_ONCE_TIMEOUT).await } => {
            // The guards kill their programs when the worker ends.
            running.shutdown().await;
            worker.stopper.untold();
        }
    }
    worker.display.end().await;
    worked?;
    worker.stopper.verdict(&worker.options.server)
}

/// Checks the folder and the program before the worker claims a job for them.
fn find(options: &Options) -> Result<(), Failure> {
    if let Some(folder) = options.folder.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(Failure::Command(format!(
            "the folder {} does not exist: create it, or choose another with --dir",
            folder.display()
        )));
    }
    if let Some(media) = options
        .media
        .as_ref()
        .filter(|media| !media.path().is_dir())
    {
        return Err(Failure::Command(format!(
            "the media folder {} does not exist: create it, or choose another with --media",
            media.path().display()
        )));
    }
    let Some(program) = options.command.first() else {
        return Err(Failure::Command(
            "no command given: put the command to run after --".into(),
        ));
    };
    let mut search = which::WhichConfig::new().binary_name(program.clone());
    if let Some(folder) = &options.folder {
        search = search.custom_cwd(folder.clone());
    }
    search.first_result().map(drop).map_err(|_| {
        let program = program.to_string_lossy();
        Failure::Command(format!(
            "the program {program} was not found or is not executable: use a program in PATH, or \
            give its path"
        ))
    })
}

fn host() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    name.chars().filter(|c| !c.is_control()).take(150).collect()
}

/// Generates a worker id that is unique and stays the same while the process lives.
fn name(chance: &dyn Random) -> String {
    let id = chance.id();
    let random = &id[id.len().saturating_sub(8)..];
    format!("{}-{}-{random}", host(), std::process::id())
}
