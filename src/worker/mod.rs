//! `callsheet work`: claims jobs from a server over HTTP and runs a program for each. It uses
//! nothing but the API, so it works from any host.
//!
//! A job passes through `claim`, `run` and `outcome`. `run` starts a `program` behind a `guard`;
//! the program's `lines` become `reports`, which the `heartbeat` sends to the server.

mod backoff;
mod claim;
mod client;
mod display;
mod guard;
mod heartbeat;
mod lines;
mod outcome;
mod output;
mod pipe;
mod program;
mod reports;
mod run;
mod screen;
mod stop;
mod tail;

pub use client::Server;
pub use guard::guard;

use crate::random::Random;
use client::{CallError, Client};
use display::Display;
use std::{ffi::OsString, path::PathBuf, sync::Arc, time::Duration};
use stop::{StopLevel, Stopper};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

/// Maximum wait for the response to a pending claim after the signal to stop. A server that found
/// jobs answers at once, and the worker releases them.
const PENDING_CLAIM_GRACE: Duration = Duration::from_secs(1);

/// Timeout of a request. Half the lease if that is shorter, so that a hanging request does not cost
/// the lease.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Settings of a worker, taken from the command line.
pub struct Options {
    pub server: Server,
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
    let worked = work(&worker, &mut running).await;
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
    while running.join_next().await.is_some() {}
    worker.display.end().await;
    worked?;
    worker.stopper.verdict(&worker.options.server)
}

/// Claims as many jobs as there are free permits, and runs each in a task, in a loop.
async fn work(worker: &Arc<Worker>, running: &mut JoinSet<()>) -> Result<(), Failure> {
    let room = Arc::new(Semaphore::new(worker.options.concurrency as usize));
    let mut stop = worker.stopper.watch();
    let mut pause = backoff::Backoff::default();
    loop {
        let mut place = tokio::select! {
            biased;
            () = stopped(&mut stop) => return Ok(()),
            place = room.clone().acquire_owned() => place.map_err(|_| Failure::Untold("nobody".into()))?,
        };
        while let Ok(more) = room.clone().try_acquire_owned() {
            place.merge(more);
        }
        let claim = claim::claim(worker, place.num_permits());
        tokio::pin!(claim);
        let claimed = tokio::select! {
            claimed = &mut claim => claimed,
            () = stopped(&mut stop) => match timeout(PENDING_CLAIM_GRACE, claim).await {
                Ok(claimed) => claimed,
                Err(_) => return Ok(()),
            },
        };
        match claimed {
            Ok(claims) => {
                pause = backoff::Backoff::default();
                for (claim, place) in claims
                    .into_iter()
                    .zip(std::iter::from_fn(|| place.split(1)))
                {
                    let worker = worker.clone();
                    running.spawn(async move {
                        run::run(&worker, claim).await;
                        drop(place);
                    });
                }
            }
            Err(CallError::Unavailable(why)) => {
                let wait = pause.next(worker.chance.jitter());
                worker.display.away(&why);
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = stopped(&mut stop) => {}
                }
            }
            Err(CallError::LeaseLost(detail) | CallError::Rejected(detail)) => {
                worker.stopper.raise(StopLevel::Drain);
                return Err(Failure::Refused {
                    server: worker.options.server.to_string(),
                    detail,
                });
            }
        }
        while running.try_join_next().is_some() {}
    }
}

/// Returns when the worker has to stop. The result of `wait_for` holds a lock for which a second
/// signal would wait, so it is dropped here, before anything else is awaited.
async fn stopped(stop: &mut watch::Receiver<StopLevel>) {
    let _ = stop.wait_for(|stop| *stop != StopLevel::No).await;
}

/// Checks the folder and the program before the worker claims a job for them.
fn find(options: &Options) -> Result<(), Failure> {
    if let Some(folder) = options.folder.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(Failure::Command(format!(
            "the folder {} does not exist: create it, or choose another with --dir",
            folder.display()
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
