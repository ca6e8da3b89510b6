//! One job, from the claim to the outcome.

use super::{
    Worker,
    display::JobDisplay,
    guard::GuardMessage,
    lines::LineReader,
    pipe::Pipe,
    program::{Program, Streams},
    reader::Reader,
    supervisor::{StopReason, Supervisor},
    tail::tail,
};
use crate::media_folder::MediaFolder;
use callsheet_client::lease::{
    Claim, Delivery, Heartbeat, Lease, LeaseState, Limits, Outcome, Reports, StopLevel, deliver,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::sleep,
};

/// Maximum time for the last heartbeat after a second signal.
const LAST_HEARTBEAT: Duration = Duration::from_secs(1);

/// Exit code with which a program asks for another attempt: EX_TEMPFAIL of sysexits(3).
const EXIT_RETRY: i32 = 75;

pub async fn run(worker: Arc<Worker>, claim: Claim) {
    let claim = Arc::new(claim);
    let connection = &worker.connection;
    let lease = Arc::new(Lease::new(connection, &claim));
    let row = Arc::new(worker.display.begin(&claim));
    // A job that was claimed while the signal arrived is not started.
    let outcome = match connection.stop.now() {
        StopLevel::No | StopLevel::Drain => attempt(&worker, &claim, &lease, &row).await,
        _ => Ok(Outcome::Released),
    };
    let delivery = match outcome {
        Ok(outcome) => deliver(connection, &claim, outcome, &lease).await,
        Err(why) => Delivery::Lost(why),
    };
    match delivery {
        Delivery::Ended(outcome, job) => row.ended(&outcome, &job),
        Delivery::Lost(why) => row.lost(&why),
    }
}

/// Runs the program and returns its outcome. An error is the reason why the server needs no
/// outcome: the lease is lost.
async fn attempt(
    worker: &Arc<Worker>,
    claim: &Arc<Claim>,
    lease: &Arc<Lease>,
    row: &Arc<JobDisplay>,
) -> Result<Outcome, String> {
    let (program, streams) = match Program::start(worker, claim, lease.now().until).await {
        Ok(started) => started,
        Err(error) => return Ok(not_started(worker, &error.to_string())),
    };
    let reports = Arc::new(Reports::new(Limits::of_body(claim.max_body_bytes)));
    let (end, ended) = watch::channel(false);
    let Streams { out, err } = streams;
    let most = claim.max_body_bytes;
    let reader = Reader {
        lines: LineReader::new(Pipe::new(out, ended.clone()), most),
        most,
        reports: reports.clone(),
        lease: lease.clone(),
        row: row.clone(),
        media: worker.options.media.clone(),
    };
    let reader = tokio::spawn(reader.run());
    let tail = tokio::spawn(tail(Pipe::new(err, ended)));
    let hurry = Arc::new(Notify::new());
    let heartbeat = Heartbeat {
        connection: worker.connection.clone(),
        claim: claim.clone(),
        reports: reports.clone(),
        lease: lease.clone(),
        hurry: hurry.clone(),
    };
    // A set ends its tasks when it is dropped: no lease is extended for a job that is gone.
    let mut beats = JoinSet::new();
    beats.spawn(heartbeat.run());

    let supervisor = Supervisor::new(worker, program, lease, hurry);
    let (message, why) = supervisor.watch(row).await;

    end.send_replace(true);
    if let Some(StopReason::Lost(why)) = why {
        reader.abort();
        return Err(why);
    }
    let _ = reader.await;
    let tail = tail.await.unwrap_or_default();
    reports.close();
    tokio::select! {
        _ = beats.join_next() => {}
        () = async {
            worker.connection.stop.reached(StopLevel::AtOnce).await;
            sleep(LAST_HEARTBEAT).await
        } => {}
    }
    drop(beats);
    let LeaseState { over, refused, .. } = lease.now();
    if let Some(why) = over {
        return Err(why);
    }
    // Who stops a worker may have stopped its programs with the same signal, as systemd does.
    let was_killed = matches!(message, GuardMessage::Killed(_));
    let stopping = was_killed && worker.connection.stop.now() >= StopLevel::Gently;
    let why = refused
        .map(StopReason::Refused)
        .or(why)
        .or(stopping.then_some(StopReason::Stopping));
    let outcome = outcome(worker, message, why, &reports, &tail);
    Ok(with_files(outcome, worker.options.media.as_ref()).await)
}

/// Looks for the files of a result: without them, the attempt has failed.
async fn with_files(outcome: Outcome, media: Option<&MediaFolder>) -> Outcome {
    let missing = match (&outcome, media) {
        (Outcome::Completed(Some(result)), Some(media)) => {
            media.missing(&result.clone().into()).await
        }
        _ => None,
    };
    missing.map_or(outcome, |why| not_taken(&why))
}

/// Decides how the attempt ended.
fn outcome(
    worker: &Worker,
    message: GuardMessage,
    why: Option<StopReason>,
    reports: &Reports,
    tail: &str,
) -> Outcome {
    match (why, message) {
        (_, GuardMessage::NotStarted(error)) => not_started(worker, &error),
        (Some(StopReason::Cancelled), _) => Outcome::Cancelled,
        (Some(StopReason::Refused(why)), _) => not_taken(&why),
        // Exit code 0 means that the work is done, also if the program was asked to end meanwhile.
        (None | Some(StopReason::Stopping), GuardMessage::Exited(0)) => match reports.result() {
            Some(Err(why)) => not_taken(&why),
            Some(Ok(result)) => Outcome::Completed(Some(result)),
            None => Outcome::Completed(None),
        },
        (Some(_), _) => Outcome::Released,
        (None, GuardMessage::Exited(code)) => failed(
            tail,
            &format!("ended with exit code {code}"),
            (code == EXIT_RETRY).then_some(true),
        ),
        (None, GuardMessage::Killed(signal)) => {
            failed(tail, &format!("was killed by signal {signal}"), None)
        }
        (None, GuardMessage::Started(_) | GuardMessage::Paused | GuardMessage::WentOn) => {
            failed(tail, "ended without an exit code", None)
        }
    }
}

fn not_taken(why: &str) -> Outcome {
    Outcome::failed(format!("a report was not taken: {why}"))
}

fn failed(tail: &str, how: &str, retryable: Option<bool>) -> Outcome {
    let error = if tail.is_empty() {
        format!("The program {how}.")
    } else {
        format!("{tail}\n({how})")
    };
    Outcome::Failed {
        error,
        retryable,
        retry_after_seconds: None,
    }
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
    worker.broken(why.clone());
    Outcome::failed(why)
}
