//! A client: it creates jobs, changes them, claims and ends them, and knows at each moment what has
//! to be true of them. What it does follows from its seed and from the answers.

use super::{
    ask::Ask,
    entry::Entry,
    imports::Dump,
    ledger::{Fault, Ledger},
    shared::SharedJobs,
    wire::{Answer, Wire},
};
use serde_json::Value;

/// Jobs that a client works on at a time.
const LIVE: usize = 10;

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
        let rng =
            fastrand::Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        let (live, just_deleted) = (Vec::new(), Vec::new());
        Self {
            number,
            rng,
            wire,
            ledger: Ledger::default(),
            shared,
            live,
            just_deleted,
            dump: None,
            serial: 0,
        }
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
            62..82 if self.number == 0 => self.step_import().await,
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

    /// Deletes jobs, or leaves them as they are for the verdict, when there are more than enough.
    async fn put_aside(&mut self) {
        while self.live.len() > LIVE {
            let place = self
                .live
                .iter()
                .position(Entry::has_ended)
                .unwrap_or_default();
            let entry = self.live.swap_remove(place);
            let large = entry.body["content"]
                .as_str()
                .is_some_and(|content| content.len() > 10_000);
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
