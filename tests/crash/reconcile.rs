//! An answer, or what a look at the server shows, held to what the client knows of the job.

use super::{
    ask::Ask,
    entry::{Entry, Item, Step, brief, differs, is_terminal, time},
    ledger::Fault,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// What the server says of the job: its events are those behind the known version.
pub struct Found {
    pub job: Value,
    pub events: Vec<Value>,
    pub items: Vec<Item>,
}

/// What new events say.
#[derive(Default)]
struct Taken {
    /// The call was carried out.
    done: bool,
    /// The job was taken from its worker, and nothing is known of it since.
    rescued: bool,
    /// Attempts that did not count before the call: their worker was never heard of.
    uncounted: i64,
}

/// Members that only the calls which name them change.
const STABLE: [&str; 11] = [
    "content",
    "context",
    "created_at",
    "episode_id",
    "job_type",
    "labels",
    "priority",
    "project_title",
    "request_data",
    "series_id",
    "working_dir",
];

impl Entry {
    /// Takes in the answer to a call. `false` when the job has made other steps too, so that it has
    /// to be looked at.
    pub fn advance(&mut self, ask: &Ask, job: Value) -> Result<bool, Fault> {
        if job["version"].as_i64() != Some(self.version() + ask.steps.len() as i64) {
            return Ok(false);
        }
        self.hold_to(ask, &job, 0)?;
        self.steps.extend(ask.steps.iter().cloned());
        self.settle(job, ask.items.clone());
        Ok(true)
    }

    /// Takes in what the server has of the job after the call `ask`, which was carried out as a
    /// whole or not at all, and certainly if it was `answered`. Says whether it was.
    pub fn reconcile(
        &mut self,
        found: Found,
        ask: Option<&Ask>,
        answered: bool,
    ) -> Result<bool, Fault> {
        let Found { job, events, items } = found;
        let Taken {
            mut done,
            rescued,
            uncounted,
        } = self.take_events(&events, ask)?;
        if let Some(differs) = events
            .last()
            .and_then(|last| differs(&members_of(last), &job))
        {
            return Err(Fault::Wrong(format!(
                "{} is not as its last event says: {differs}",
                self.id
            )));
        }
        done |= answered && ask.is_some_and(|ask| ask.steps.is_empty());
        match ask {
            Some(ask) if answered && !done => {
                return Err(Fault::Lost(format!(
                    "{} of {} was answered, and its history lacks it",
                    ask.verb, self.id
                )));
            }
            _ if rescued => {}
            Some(ask) if done => self.hold_to(ask, &job, uncounted)?,
            _ => self.is_as_it_was(&job, ask)?,
        }
        let items_after = ask.filter(|_| done).and_then(|ask| ask.items.clone());
        let wanted = items_after.as_ref().unwrap_or(&self.items);
        if items != *wanted {
            return Err(Fault::Lost(format!(
                "the items of {} are {items:?}, not {wanted:?}",
                self.id
            )));
        }
        self.settle(job, items_after);
        self.unchecked = false;
        Ok(done)
    }

    /// Adds the events to the history: those of the call, once and all of them, and the ends of
    /// leases.
    fn take_events(&mut self, events: &[Value], ask: Option<&Ask>) -> Result<Taken, Fault> {
        let (mut taken, mut expiry, mut rest) = (Taken::default(), self.expiry(), events);
        while let Some(event) = rest.first() {
            let steps = ask
                .filter(|_| !taken.done)
                .map(|ask| ask.steps(taken.rescued))
                .unwrap_or_default();
            let over = time(&event["created_at"])
                .zip(expiry)
                .is_some_and(|(now, expiry)| expiry <= now);
            let count = if over && is_rescue(event) {
                (taken.rescued, expiry, self.token) = (true, None, None);
                taken.uncounted += i64::from(event["data"]["counted"] == false);
                self.steps
                    .push(Step::new(event["kind"].as_str().unwrap_or_default(), None));
                1
            } else if let (Some(ask), true) =
                (ask, steps.first().is_some_and(|step| step.is(event)))
            {
                let whole = rest.len() >= steps.len()
                    && steps.iter().zip(rest).all(|(step, event)| step.is(event));
                if !whole {
                    return Err(Fault::Wrong(format!(
                        "half of {} of {}: {}",
                        ask.verb,
                        self.id,
                        brief(&json!(rest))
                    )));
                }
                expiry = expiry_after(ask, &rest[steps.len() - 1], expiry);
                (taken.done, taken.rescued) =
                    (true, taken.rescued && ask.steps_after_rescue.is_some());
                self.steps.extend(steps.iter().cloned());
                steps.len()
            } else {
                return Err(self.stranger(ask, taken.done, event));
            };
            self.active &= rest[..count]
                .iter()
                .all(|event| !is_terminal(&event["status"]));
            rest = &rest[count..];
        }
        Ok(taken)
    }

    /// An event that no call asked for: the call a second time, or something else.
    fn stranger(&self, ask: Option<&Ask>, done: bool, event: &Value) -> Fault {
        let again = ask.is_some_and(|ask| done && ask.steps.iter().any(|step| step.is(event)))
            || self
                .steps
                .iter()
                .any(|step| step.mark.is_some() && step.is(event));
        let what = format!("{} has the event {event} behind {:?}", self.id, self.steps);
        if again {
            Fault::Double(what)
        } else {
            Fault::Wrong(what)
        }
    }

    fn is_as_it_was(&self, job: &Value, ask: Option<&Ask>) -> Result<(), Fault> {
        let mut before = self.job.clone();
        if ask.is_some_and(|ask| ask.steps.is_empty()) {
            // A heartbeat that moves the lease alone is no step.
            before["lease_expires_at"] = job["lease_expires_at"].clone();
        }
        match differs(&before, job) {
            Some(differs) => Err(Fault::Lost(format!(
                "{} is not as it was answered: {differs}",
                self.id
            ))),
            None => Ok(()),
        }
    }

    fn hold_to(&self, ask: &Ask, job: &Value, uncounted: i64) -> Result<(), Fault> {
        let mut expect = ask.expect.clone();
        if let Some(attempt) = expect["attempt"].as_i64() {
            expect["attempt"] = json!(attempt - uncounted);
        }
        for name in STABLE {
            if expect.get(name).is_none() {
                expect[name] = self.job[name].clone();
            }
        }
        match differs(&expect, job) {
            Some(differs) => Err(Fault::Lost(format!(
                "{} of {} did something else: {differs}",
                ask.verb, self.id
            ))),
            None => Ok(()),
        }
    }

    fn settle(&mut self, job: Value, items: Option<Vec<Item>>) {
        self.active &= !is_terminal(&job["status"]);
        if job["lease_expires_at"].is_null() {
            self.token = None;
        }
        self.job = job;
        self.items = items.unwrap_or(std::mem::take(&mut self.items));
        self.unchecked = true;
    }
}

/// The end of the lease after the call, as far as the event tells.
fn expiry_after(ask: &Ask, event: &Value, before: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    if event["status"] != "processing" {
        return None;
    }
    let from = time(&event["created_at"])?;
    ask.lease_seconds.map_or(before, |seconds| {
        Some(from + TimeDelta::seconds(seconds.into()))
    })
}

/// The job was taken from a worker that was not heard of in time.
fn is_rescue(event: &Value) -> bool {
    let says = |name: &str| {
        event["data"][name]
            .as_str()
            .is_some_and(|text| text.starts_with("lease expired"))
    };
    matches!(
        event["kind"].as_str(),
        Some("rescued" | "failed" | "cancelled")
    ) && (says("error") || says("reason"))
}

/// Members of the job that its last event has too.
fn members_of(event: &Value) -> Value {
    let names = [
        "status",
        "progress",
        "current_stage",
        "total_shots",
        "completed_shots",
    ];
    Value::Object(
        names
            .map(|name| (name.to_owned(), event[name].clone()))
            .into_iter()
            .collect(),
    )
}
