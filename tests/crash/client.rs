//! A client: it creates jobs, changes them, claims and ends them, and knows at each moment what has to be true of them.
//! What it does follows from its seed and from the answers.

use super::{
    ask::Ask,
    entry::{Entry, Found, Item},
    imports::Dump,
    ledger::{Deleted, Fault, Ledger},
    shared::SharedJobs,
    wire::{Answer, Call, Wire},
};
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// Jobs that a client works on at a time.
const LIVE: usize = 10;

/// Looks at a job that changes between the reads of one look.
const LOOKS: usize = 20;

pub struct Client {
    pub number: usize,
    pub rng: fastrand::Rng,
    pub wire: Wire,
    pub ledger: Ledger,
    pub shared: SharedJobs,
    /// Jobs that it works on. Those that it is done with are in the ledger.
    pub live: Vec<Entry>,
    /// Jobs that were deleted since they were last asked for.
    pub just_deleted: Vec<String>,
    /// Dump that it imports, or deletes again.
    pub dump: Option<Dump>,
    serial: u64,
}

impl Client {
    pub fn new(number: usize, seed: u64, wire: Wire, shared: SharedJobs) -> Self {
        let rng = fastrand::Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        let (live, just_deleted) = (Vec::new(), Vec::new());
        Self { number, rng, wire, ledger: Ledger::default(), shared, live, just_deleted, dump: None, serial: 0 }
    }

    pub async fn run(mut self) -> Ledger {
        let mut stage = String::new();
        while !self.wire.is_over() {
            let now = self.wire.stage.borrow().url.clone();
            if now != stage {
                stage = now;
                self.look_after_restart().await;
            }
            self.step().await;
        }
        self.end().await;
        self.ledger.calls.add(std::mem::take(&mut self.wire.calls));
        self.ledger.faults.append(&mut self.wire.faults);
        self.ledger
    }

    async fn step(&mut self) {
        match self.rng.u8(..100) {
            0..12 => self.meet().await,
            12..26 => self.create().await,
            26..40 => self.claim().await,
            40..46 => self.report_outcomes().await,
            46..52 => self.step_series().await,
            52..58 => self.step_active().await,
            58..62 => self.repeat_create().await,
            62..70 if self.number == 0 => self.step_import().await,
            _ if self.live.is_empty() => self.create().await,
            _ => self.change().await,
        }
        self.put_aside().await;
    }

    /// A text that no other call has.
    pub fn mark(&mut self) -> String {
        self.serial += 1;
        format!("c{}-{}.", self.number, self.serial)
    }

    /// Type of the jobs that only this client claims.
    pub fn job_type(&self) -> String {
        format!("soak-{}", self.number)
    }

    pub fn fault(&mut self, fault: Fault) {
        println!("client {}: {fault:?}", self.number);
        self.ledger.faults.push(fault);
    }

    /// Keeps the job, or reports the fault that was found in it and expects nothing more of it.
    pub fn keep(&mut self, entry: Entry, outcome: Result<(), Fault>) {
        match outcome {
            Ok(()) => self.live.push(entry),
            Err(fault) => {
                self.fault(fault);
                self.ledger.suspects.push(entry.id);
            }
        }
    }

    async fn change(&mut self) {
        let mut entry = self.live.swap_remove(self.rng.usize(..self.live.len()));
        if self.rng.u8(..30) == 0 {
            return self.delete(entry).await;
        }
        let mark = self.mark();
        let worker = format!("c{}-a", self.number);
        let ask = Ask::any(&entry, &worker, &mark, &mut self.rng);
        let outcome = self.perform(&mut entry, &ask).await;
        self.keep(entry, outcome);
    }

    async fn perform(&mut self, entry: &mut Entry, ask: &Ask) -> Result<(), Fault> {
        let again = ask.repeatable && self.rng.bool();
        self.send(entry, ask, again).await?;
        let carried_out = !ask.steps.is_empty() && entry.steps.ends_with(&ask.steps);
        if again && carried_out && self.rng.bool() {
            self.repeat(entry, ask).await?;
        }
        Ok(())
    }

    /// Sends a call. When it is not answered it is sent again, or the job is looked at.
    async fn send(&mut self, entry: &mut Entry, ask: &Ask, again: bool) -> Result<(), Fault> {
        let path = format!("/jobs/{}{}", entry.id, ask.path);
        let mut tries = 0;
        loop {
            let call =
                Call { kind: ask.verb, method: ask.method.clone(), path: &path, body: Some(&ask.body), key: None };
            match self.wire.send(call).await {
                Some(answer) => return self.take(entry, ask, answer, tries > 0).await,
                None if again => self.wire.calls.repeated += 1,
                None => return self.look(entry, Some(ask), false).await.map(drop),
            }
            tries += 1;
        }
    }

    /// Takes in an answer to a call, which may have been carried out before where it was sent several times.
    async fn take(&mut self, entry: &mut Entry, ask: &Ask, answer: Answer, repeated: bool) -> Result<(), Fault> {
        let Answer { status, mut body, lease_token } = answer;
        if status == StatusCode::OK && ask.verb == "heartbeat" {
            self.look(entry, Some(ask), true).await?;
            let (answered, is) = (&body["lease_expires_at"], &entry.job["lease_expires_at"]);
            return match is.is_null() || answered == is {
                true => Ok(()),
                false => Err(Fault::Lost(format!("the lease of {} is extended to {is}, not {answered}", entry.id))),
            };
        }
        if status == StatusCode::OK {
            body.as_object_mut().map(|job| job.remove("shots"));
            if !entry.advance(ask, body)? {
                self.look(entry, Some(ask), true).await?;
            }
            if entry.is_leased() && lease_token.is_some() {
                entry.token = lease_token;
            }
            return Ok(());
        }
        // A lease that has ended is the only reason.
        let before = entry.steps.len();
        let done = self.look(entry, Some(ask).filter(|_| repeated), false).await?;
        if status != StatusCode::CONFLICT || entry.steps.len() == before || done {
            let what = format!("{} of {} was refused: {status} {body}", ask.verb, entry.id);
            return Err(Fault::Lost(what));
        }
        Ok(())
    }

    /// The call of an answered one again: its answer is the same job, and nothing happens.
    async fn repeat(&mut self, entry: &mut Entry, ask: &Ask) -> Result<(), Fault> {
        let path = format!("/jobs/{}{}", entry.id, ask.path);
        let call = Call { kind: ask.verb, method: ask.method.clone(), path: &path, body: Some(&ask.body), key: None };
        self.wire.calls.repeated += 1;
        let Some(answer) = self.wire.send(call).await else { return Ok(()) };
        if answer.status != StatusCode::OK {
            let version = entry.version();
            self.look(entry, None, false).await?;
            if version == entry.version() {
                let Answer { status, body, .. } = answer;
                let what = format!("{} of {} was refused the second time: {status} {body}", ask.verb, entry.id);
                return Err(Fault::Lost(what));
            }
            return Ok(());
        }
        self.look(entry, None, false).await.map(drop)
    }

    /// Reads the job, its new events and its items, and holds them to what has to be true. Says whether the call was
    /// carried out.
    pub async fn look(&mut self, entry: &mut Entry, ask: Option<&Ask>, answered: bool) -> Result<bool, Fault> {
        let path = format!("/jobs/{}", entry.id);
        for _ in 0..LOOKS {
            let job = self.wire.get(&path).await;
            let events = self.wire.get(&format!("{path}/events?after={}&limit=200", entry.version())).await;
            let items = match entry.items.is_empty() {
                true => Vec::new(),
                false => list(&self.wire.get(&format!("{path}/items?limit=200")).await, "items"),
            };
            if job.status != StatusCode::OK {
                return Err(Fault::Lost(format!("the job {} is gone: {} {}", entry.id, job.status, job.body)));
            }
            let (mut job, events) = (job.body, list(&events, "events"));
            job.as_object_mut().map(|job| job.remove("shots"));
            // Its lease may have ended in between.
            if job["version"].as_i64() == Some(entry.version() + events.len() as i64) {
                let items = items.iter().map(Item::of).collect();
                return entry.reconcile(Found { job, events, items }, ask, answered);
            }
            if job["version"].as_i64() < Some(entry.version()) {
                let what = format!("{} is at version {}, and was at {}", entry.id, job["version"], entry.version());
                return Err(Fault::Lost(what));
            }
        }
        Err(Fault::Wrong(format!("the version of {} and its history do not agree", entry.id)))
    }

    pub async fn delete(&mut self, mut entry: Entry) {
        let path = format!("/jobs/{}", entry.id);
        let mut tries = 0;
        loop {
            let call = Call { kind: "delete", method: Method::DELETE, path: &path, body: None, key: None };
            let gone = match self.wire.send(call).await {
                Some(answer) if answer.status == StatusCode::OK => Ok(true),
                Some(answer) if answer.status == StatusCode::NOT_FOUND && tries > 0 => Ok(true),
                Some(answer) => Err(Fault::Lost(format!("the job {} is gone: {}", entry.id, answer.body))),
                None => Ok(self.wire.get(&path).await.status == StatusCode::NOT_FOUND),
            };
            match gone {
                Ok(true) => {
                    self.just_deleted.push(entry.id.clone());
                    self.ledger.deleted.insert(entry.id.clone(), Deleted::of(&entry));
                    return;
                }
                Ok(false) if self.rng.bool() => self.wire.calls.repeated += 1,
                Ok(false) => {
                    let outcome = self.look(&mut entry, None, false).await.map(drop);
                    return self.keep(entry, outcome);
                }
                Err(fault) => return self.keep(entry, Err(fault)),
            }
            tries += 1;
        }
    }

    /// Deletes jobs, or leaves them as they are for the verdict, when there are more than enough.
    async fn put_aside(&mut self) {
        while self.live.len() > LIVE {
            let place = self.live.iter().position(Entry::has_ended).unwrap_or_default();
            let entry = self.live.swap_remove(place);
            let large = entry.body["content"].as_str().is_some_and(|content| content.len() > 10_000);
            let most = if large { 20 } else { 3 };
            if entry.has_ended() && self.rng.u8(..most) == 0 {
                self.ledger.entries.push(entry);
            } else {
                self.delete(entry).await;
            }
        }
    }
}

pub fn list(answer: &Answer, name: &str) -> Vec<Value> {
    answer.body[name].as_array().cloned().unwrap_or_default()
}
