//! A worker that runs an async function for each job.

mod attempt;
mod failed;
mod returned;
mod run;

pub use attempt::{Attempt, Interruption, ReportError};
pub use failed::Failed;

use crate::{
    Client,
    lease::{Claim, Connection, Ended, Notices, Stop, StopLevel, work},
};
use serde::Serialize;
use std::{
    future::Future,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
    time::sleep,
};

/// Maximum time in which the worker ends after a second signal.
const AT_ONCE_TIMEOUT: Duration = Duration::from_secs(5);

const A_DAY: Duration = Duration::from_secs(86_400);

/// Receiver of sentences about what the worker does.
type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// Reason why a worker ended with an error.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error("the worker cannot install its signal handlers: {0}")]
    Signals(io::Error),
    #[error("{server} refused to give jobs: {detail}")]
    Refused { server: String, detail: String },
    #[error("{0}; use a client of the server's version. The worker stopped")]
    Unreadable(String),
    #[error(
        "stopped, but the server {0} did not take the outcome of every job: those leases will run \
        out, and other workers run the jobs again"
    )]
    Untold(String),
}

/// Worker that claims jobs of some types and runs an async function for each.
///
/// The lease of a job is extended in the background. While the server is away, reports wait; when
/// the lease may have ended, the function is not polled until the server is back, so that two
/// workers do not run one job. When the lease is lost, it is dropped. What it spawned is its own:
/// long computations belong in `spawn_blocking`, and end when [`Attempt::interrupted`] does.
///
/// A panic fails the attempt, and no other job.
#[derive(Clone)]
pub struct Worker {
    job_types: Vec<String>,
    concurrency: u32,
    lease: Duration,
    grace: Duration,
    worker_id: Option<String>,
    version: String,
    say: Say,
}

impl Worker {
    /// Creates a worker for jobs of these types, one at a time, with leases of 60 seconds.
    pub fn new<T: Into<String>>(job_types: impl IntoIterator<Item = T>) -> Self {
        Self {
            job_types: job_types.into_iter().map(Into::into).collect(),
            concurrency: 1,
            lease: Duration::from_secs(60),
            grace: Duration::from_secs(10),
            worker_id: None,
            version: concat!("callsheet-client ", env!("CARGO_PKG_VERSION")).to_owned(),
            say: Arc::new(|_| {}),
        }
    }

    /// Sets how many jobs run at the same time: 1 to 1,000.
    pub fn concurrency(mut self, jobs: u32) -> Self {
        self.concurrency = jobs.clamp(1, 1000);
        self
    }

    /// Sets the time after which another worker gets a job whose worker died: 1 second to a day.
    /// A fraction of a second is cut off.
    pub fn lease(mut self, time: Duration) -> Self {
        self.lease = Duration::from_secs(time.as_secs().clamp(1, 86_400));
        self
    }

    /// Sets the time that a function has to end after a cancel or a stop, before it is dropped: 10
    /// seconds by default, a day at most.
    pub fn grace(mut self, time: Duration) -> Self {
        self.grace = time.min(A_DAY);
        self
    }

    /// Sets the name of the worker; by default host, process id and a random part.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.worker_id = Some(id.into());
        self
    }

    /// Sets the version of the worker, which the list of workers shows.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Sets a receiver of sentences about what the worker does, for a log.
    pub fn log(mut self, say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        // A log that fails, such as a standard output that was closed, costs no job.
        self.say = Arc::new(move |text: &str| {
            let _ = catch_unwind(AssertUnwindSafe(|| say(text)));
        });
        self
    }

    /// Runs the function for each job until SIGTERM, SIGINT or SIGHUP. The first signal interrupts
    /// the attempts and gives their jobs back, a second one ends them at once.
    pub async fn run<F, R, T>(self, client: &Client, function: F) -> Result<(), WorkerError>
    where
        F: Fn(Attempt) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, Failed>> + Send + 'static,
        T: Serialize + Send + 'static,
    {
        let connection = self.connection(client);
        let listener = listen(connection.stop.clone()).map_err(WorkerError::Signals)?;
        let ended = self.work(&connection, function).await;
        drop(listener);
        ended
    }

    /// Runs the function for each job until `stop` is ready, which does what a first signal does.
    pub async fn run_until<F, R, T>(
        self,
        client: &Client,
        function: F,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), WorkerError>
    where
        F: Fn(Attempt) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, Failed>> + Send + 'static,
        T: Serialize + Send + 'static,
    {
        let connection = self.connection(client);
        let level = connection.stop.clone();
        let mut stopper = JoinSet::new();
        stopper.spawn(async move {
            stop.await;
            level.signal();
        });
        let ended = self.work(&connection, function).await;
        drop(stopper);
        ended
    }

    fn connection(&self, client: &Client) -> Arc<Connection> {
        let notices = Log {
            is_away: AtomicBool::new(false),
            say: self.say.clone(),
        };
        Arc::new(Connection::new(
            client.clone(),
            self.worker_id.clone(),
            &self.version,
            self.lease,
            Arc::new(notices),
        ))
    }

    async fn work<F, R, T>(
        self,
        connection: &Arc<Connection>,
        function: F,
    ) -> Result<(), WorkerError>
    where
        F: Fn(Attempt) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, Failed>> + Send + 'static,
        T: Serialize + Send + 'static,
    {
        let runner = Arc::new(run::Runner {
            connection: connection.clone(),
            function,
            grace: self.grace,
            say: self.say.clone(),
            unreadable: std::sync::OnceLock::new(),
        });
        let mut running = JoinSet::new();
        let job = |claim: Claim| runner.clone().run(claim);
        let ended = work(
            connection,
            &self.job_types,
            self.concurrency,
            &mut running,
            job,
        )
        .await;
        let stop = &connection.stop;
        tokio::select! {
            () = async { while running.join_next().await.is_some() {} } => {}
            () = async { stop.reached(StopLevel::AtOnce).await; sleep(AT_ONCE_TIMEOUT).await } => {
                running.shutdown().await;
                stop.untold();
            }
        }
        let server = || connection.server().to_string();
        match (ended, runner.unreadable.get()) {
            (Ended::Refused(detail), _) => Err(WorkerError::Refused {
                server: server(),
                detail,
            }),
            (Ended::Stopped, Some(why)) => Err(WorkerError::Unreadable(why.clone())),
            (Ended::Stopped, None) if stop.is_untold() => Err(WorkerError::Untold(server())),
            (Ended::Stopped, None) => Ok(()),
        }
    }
}

/// Raises the stop level at each signal, until the returned set is dropped.
fn listen(stop: Stop) -> io::Result<JoinSet<()>> {
    let mut listener = JoinSet::new();
    for kind in [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ] {
        let mut signals = signal(kind)?;
        let stop = stop.clone();
        listener.spawn(async move {
            while signals.recv().await.is_some() {
                stop.signal();
            }
        });
    }
    Ok(listener)
}

struct Log {
    is_away: AtomicBool,
    say: Say,
}

impl Notices for Log {
    fn away(&self, why: &str) {
        if !self.is_away.swap(true, Relaxed) {
            (self.say)(&format!(
                "the server is away ({why}); trying again until it is back"
            ));
        }
    }

    fn back(&self) {
        if self.is_away.swap(false, Relaxed) {
            (self.say)("the server is back");
        }
    }

    fn note(&self, text: &str) {
        (self.say)(text);
    }
}
