//! `callsheet work`: claims jobs from a server over HTTP and runs a program for each. It uses
//! nothing but the API, so it works from any host.
//!
//! The lease of a job, from the claim to the outcome, is that of `callsheet_client`. `run` starts a
//! `program` behind a `guard`; the program's `lines` become reports, which a heartbeat sends.

mod display;
mod guard;
mod input;
mod lines;
mod names;
mod output;
mod pipe;
mod plain_text;
mod program;
mod reader;
mod report;
mod run;
mod screen;
mod stop;
mod supervisor;
mod tail;

pub use guard::guard;

use crate::media_folder::MediaFolder;
use callsheet_client::{
    Client, ClientError, Server,
    lease::{Claim, Connection, Ended, StopLevel, work},
};
use display::Display;
use std::{
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{task::JoinSet, time::sleep};

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
    #[error(transparent)]
    Client(#[from] ClientError),
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
    connection: Arc<Connection>,
    options: Options,
    display: Display,
    /// Reason why the program cannot be run on this host for any job.
    broken: OnceLock<String>,
}

/// Runs the worker until a signal or an error stops it.
pub async fn run(options: Options) -> Result<(), Failure> {
    find(&options)?;
    let client = Client::new(options.server.clone(), options.key.as_deref())?;
    let display = Display::new();
    let connection = Connection::new(
        client,
        options.worker_id.clone(),
        env!("CARGO_PKG_VERSION"),
        options.lease,
        Arc::new(display.clone()),
    );
    stop::listen(&connection.stop).map_err(Failure::Signals)?;
    let worker = Arc::new(Worker {
        connection: Arc::new(connection),
        options,
        display,
        broken: OnceLock::new(),
    });
    worker.display.say(format_args!(
        "{} works on {} of {}, {} at a time",
        worker.connection.worker_id,
        worker.options.job_types.join(", "),
        worker.options.server,
        worker.options.concurrency
    ));
    let mut running = JoinSet::new();
    let ended = work(
        &worker.connection,
        &worker.options.job_types,
        worker.options.concurrency,
        &mut running,
        |claim: Claim| run::run(worker.clone(), claim),
    )
    .await;
    worker.end(&mut running).await;
    worker.verdict(ended)
}

impl Worker {
    /// Records that the program cannot be run on this host for any job, and stops claiming.
    fn broken(&self, why: String) {
        let _ = self.broken.set(why);
        self.connection.stop.raise(StopLevel::Drain);
    }

    /// Waits for the jobs that still run.
    async fn end(&self, running: &mut JoinSet<()>) {
        let stop = &self.connection.stop;
        while running.try_join_next().is_some() {}
        if !running.is_empty() && stop.now() > StopLevel::Drain {
            let jobs = if running.len() == 1 {
                "the job is"
            } else {
                "all jobs are"
            };
            self.display.note(format_args!(
                "stopping: {jobs} stopped and returned to the queue; send a second signal to kill \
                them at once"
            ));
        }
        tokio::select! {
            () = async { while running.join_next().await.is_some() {} } => {}
            () = async { stop.reached(StopLevel::AtOnce).await; sleep(AT_ONCE_TIMEOUT).await } => {
                // The guards kill their programs when the worker ends.
                running.shutdown().await;
                stop.untold();
            }
        }
        self.display.end().await;
    }

    /// Returns the result with which the worker ends.
    fn verdict(&self, ended: Ended) -> Result<(), Failure> {
        let server = || self.options.server.to_string();
        match (ended, self.broken.get()) {
            (Ended::Refused(detail), _) => Err(Failure::Refused {
                server: server(),
                detail,
            }),
            (Ended::Stopped, Some(why)) => Err(Failure::Broken(why.clone())),
            (Ended::Stopped, None) if self.connection.stop.is_untold() => {
                Err(Failure::Untold(server()))
            }
            (Ended::Stopped, None) => Ok(()),
        }
    }
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
