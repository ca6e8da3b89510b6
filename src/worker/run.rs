//! One job, from the claim to the outcome.

use super::{
    Worker,
    claim::Claim,
    display::JobDisplay,
    guard::{GuardMessage, Order},
    heartbeat::{Heartbeat, Lease},
    lines::LineReader,
    outcome::{Outcome, deliver},
    output::{self, Output},
    pipe::Pipe,
    program::{Program, Streams},
    reports::Reports,
    stop::StopLevel,
    tail::tail,
};
use std::sync::Arc;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// Exit code with which a program asks for another attempt: EX_TEMPFAIL of sysexits(3).
const EXIT_RETRY: i32 = 75;

/// Reason why the worker ends a program early.
#[derive(Clone, Debug, PartialEq, Eq)]
enum StopReason {
    /// A client requested to cancel the job.
    Cancelled,
    /// The worker has to stop.
    Stopping,
    /// The server rejected a report of the program.
    Refused(String),
    /// The lease is lost; another worker may have the job.
    Lost(String),
}

pub async fn run(worker: &Arc<Worker>, claim: Claim) {
    let claim = Arc::new(claim);
    let until = claim.answered + worker.options.lease;
    let lease = Arc::new(watch::Sender::new(Lease {
        until,
        cancel_requested: false,
        over: None,
        refused: None,
    }));
    let row = Arc::new(worker.display.begin(&claim));
    // A job that was claimed while the signal arrived is not started.
    let outcome = match worker.stopper.now() {
        StopLevel::No | StopLevel::Drain => attempt(worker, &claim, &lease, &row).await,
        _ => Ok(Outcome::Released),
    };
    match outcome {
        Ok(outcome) => deliver(worker, &claim, outcome, &lease, &row).await,
        Err(why) => row.lost(&why),
    }
}

/// Runs the program and returns its outcome. An error is the reason why the server needs no
/// outcome: the lease is lost.
async fn attempt(
    worker: &Arc<Worker>,
    claim: &Arc<Claim>,
    lease: &Arc<watch::Sender<Lease>>,
    row: &Arc<JobDisplay>,
) -> Result<Outcome, String> {
    let (program, streams) = match Program::start(worker, claim).await {
        Ok(started) => started,
        Err(error) => return Ok(not_started(worker, &error.to_string())),
    };
    let reports = Arc::new(Reports::default());
    let (end, ended) = watch::channel(false);
    let Streams { out, err } = streams;
    let reader = tokio::spawn(read(
        LineReader::new(Pipe::new(out, ended.clone())),
        reports.clone(),
        row.clone(),
    ));
    let tail = tokio::spawn(tail(Pipe::new(err, ended)));
    let heartbeat = Heartbeat {
        worker: worker.clone(),
        claim: claim.clone(),
        reports: reports.clone(),
        lease: lease.clone(),
    };
    let heartbeat = tokio::spawn(heartbeat.run());

    let (message, why) = Supervisor {
        worker,
        program,
        lease: lease.subscribe(),
        why: None,
        kill_at: None,
        paused: false,
    }
    .watch(row)
    .await;

    end.send_replace(true);
    if let Some(StopReason::Lost(why)) = why {
        reader.abort();
        heartbeat.abort();
        return Err(why);
    }
    let _ = reader.await;
    let tail = tail.await.unwrap_or_default();
    reports.close();
    let _ = heartbeat.await;
    let Lease { over, refused, .. } = lease.borrow().clone();
    if let Some(why) = over {
        return Err(why);
    }
    let why = refused.map(StopReason::Refused).or(why);
    Ok(match (why, message) {
        (_, GuardMessage::NotStarted(error)) => not_started(worker, &error),
        (Some(StopReason::Cancelled), _) => Outcome::Cancelled,
        (Some(StopReason::Refused(why)), _) => {
            Outcome::failed(format!("a report was not taken: {why}"))
        }
        // A program that was asked to end may just have finished by itself: then it has a result.
        (Some(StopReason::Stopping), GuardMessage::Exited(0)) if reports.result().is_some() => {
            Outcome::Completed(reports.result())
        }
        (Some(_), _) => Outcome::Released,
        (None, GuardMessage::Exited(0)) => Outcome::Completed(reports.result()),
        (None, GuardMessage::Exited(code)) => failed(
            &tail,
            &format!("ended with exit code {code}"),
            (code == EXIT_RETRY).then_some(true),
        ),
        (None, GuardMessage::Killed(signal)) => {
            failed(&tail, &format!("was killed by signal {signal}"), None)
        }
        (None, GuardMessage::Started(_)) => failed(&tail, "ended without an exit code", None),
    })
}

fn failed(tail: &str, how: &str, retryable: Option<bool>) -> Outcome {
    let error = if tail.is_empty() {
        format!("The program {how}.")
    } else {
        format!("{tail}\n({how})")
    };
    Outcome::Failed { error, retryable }
}

/// Fails the job and stops the worker, because the program of the next job would not start either.
fn not_started(worker: &Worker, error: &str) -> Outcome {
    let program = worker
        .options
        .command
        .first()
        .map(|word| word.to_string_lossy())
        .unwrap_or_default();
    let why = format!("{program} cannot be started: {error}");
    worker.stopper.broken(why.clone());
    Outcome::failed(why)
}

async fn read(
    mut lines: LineReader<tokio::process::ChildStdout>,
    reports: Arc<Reports>,
    row: Arc<JobDisplay>,
) {
    while let Some(line) = lines.next().await {
        let Some(said) = output::read(&line) else {
            continue;
        };
        if let Output::Report(report) = &said {
            row.show(report);
        }
        reports.add(said).await;
    }
}

/// Supervisor of a running program, which it pauses or ends when the lease, a cancel or a signal
/// requires that.
struct Supervisor<'a> {
    worker: &'a Worker,
    program: Program,
    lease: watch::Receiver<Lease>,
    why: Option<StopReason>,
    kill_at: Option<Instant>,
    paused: bool,
}

impl Supervisor<'_> {
    async fn watch(mut self, row: &JobDisplay) -> (GuardMessage, Option<StopReason>) {
        let mut stop = self.worker.stopper.watch();
        let mut lease = self.lease.clone();
        loop {
            let until = lease.borrow().until;
            let kill_at = self.kill_at.unwrap_or(until);
            tokio::select! {
                message = self.program.ended() => return (message, self.why),
                Ok(()) = lease.changed() => self.heed(&lease.borrow_and_update().clone(), row),
                Ok(()) = stop.changed() => self.stop(*stop.borrow_and_update()),
                // Another worker may run the job now, and two must not work in one folder.
                () = sleep_until(until), if !self.paused && self.why.is_none() => {
                    self.paused = true;
                    self.program.order(Order::Pause);
                    row.note("pauses: the server is away, and the lease may have run out");
                }
                () = sleep_until(kill_at), if self.kill_at.is_some() => {
                    self.kill_at = None;
                    self.program.order(Order::Kill);
                    row.note("is killed: it did not end when it was asked to");
                }
            }
        }
    }

    fn heed(&mut self, lease: &Lease, row: &JobDisplay) {
        if let Some(why) = &lease.over {
            self.why = Some(StopReason::Lost(why.clone()));
            self.program.order(Order::Kill);
        } else if let Some(why) = &lease.refused {
            self.end(StopReason::Refused(why.clone()));
        } else if lease.cancel_requested {
            self.end(StopReason::Cancelled);
        } else if self.paused && lease.until > Instant::now() {
            self.paused = false;
            self.program.order(Order::GoOn);
            row.note("goes on");
        }
    }

    fn stop(&mut self, stop: StopLevel) {
        match stop {
            StopLevel::No | StopLevel::Drain => {}
            StopLevel::Gently => self.end(StopReason::Stopping),
            StopLevel::AtOnce => {
                self.why.get_or_insert(StopReason::Stopping);
                self.program.order(Order::Kill);
            }
        }
    }

    /// Sends SIGTERM now and SIGKILL after the grace time. The first reason stays.
    fn end(&mut self, why: StopReason) {
        if self.why.is_none() {
            self.why = Some(why);
            self.kill_at = Some(Instant::now() + self.worker.options.grace);
            self.program.order(Order::Term);
        }
    }
}
