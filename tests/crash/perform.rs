//! A call on one job, and a look at the job when its answer does not come.

use super::{
    ask::Ask,
    client::{Client, list},
    entry::{Entry, Item},
    ledger::{Deleted, Fault},
    reconcile::Found,
    wire::{Answer, Call},
};
use reqwest::{Method, StatusCode};

/// Looks at a job that changes between the reads of one look.
const LOOKS: usize = 20;

impl Client {
    pub async fn perform(&mut self, entry: &mut Entry, ask: &Ask) -> Result<(), Fault> {
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
            let call = Call {
                kind: ask.verb,
                method: ask.method.clone(),
                path: &path,
                body: Some(&ask.body),
                key: None,
            };
            match self.wire.send(call).await {
                Some(answer) => return self.take(entry, ask, answer, tries > 0).await,
                None if again => self.wire.calls.repeated += 1,
                None => return self.look(entry, Some(ask), false).await.map(drop),
            }
            tries += 1;
        }
    }

    /// Takes in an answer to a call, which may have been carried out before where it was sent
    /// several times.
    async fn take(
        &mut self,
        entry: &mut Entry,
        ask: &Ask,
        answer: Answer,
        repeated: bool,
    ) -> Result<(), Fault> {
        let Answer {
            status,
            mut body,
            lease_token,
        } = answer;
        if status == StatusCode::OK && ask.verb == "heartbeat" {
            self.look(entry, Some(ask), true).await?;
            let (answered, is) = (&body["lease_expires_at"], &entry.job["lease_expires_at"]);
            return match is.is_null() || answered == is {
                true => Ok(()),
                false => Err(Fault::Lost(format!(
                    "the lease of {} is extended to {is}, not {answered}",
                    entry.id
                ))),
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
        let done = self
            .look(entry, Some(ask).filter(|_| repeated), false)
            .await?;
        if status != StatusCode::CONFLICT || entry.steps.len() == before || done {
            let what = format!("{} of {} was refused: {status} {body}", ask.verb, entry.id);
            return Err(Fault::Lost(what));
        }
        Ok(())
    }

    /// The call of an answered one again: its answer is the same job, and nothing happens.
    async fn repeat(&mut self, entry: &mut Entry, ask: &Ask) -> Result<(), Fault> {
        let path = format!("/jobs/{}{}", entry.id, ask.path);
        let call = Call {
            kind: ask.verb,
            method: ask.method.clone(),
            path: &path,
            body: Some(&ask.body),
            key: None,
        };
        self.wire.calls.repeated += 1;
        let Some(answer) = self.wire.send(call).await else {
            return Ok(());
        };
        if answer.status != StatusCode::OK {
            let version = entry.version();
            self.look(entry, None, false).await?;
            if version == entry.version() {
                let Answer { status, body, .. } = answer;
                let what = format!(
                    "{} of {} was refused the second time: {status} {body}",
                    ask.verb, entry.id
                );
                return Err(Fault::Lost(what));
            }
            return Ok(());
        }
        self.look(entry, None, false).await.map(drop)
    }

    /// Reads the job, its new events and its items, and holds them to what has to be true. Says
    /// whether the call was carried out.
    pub async fn look(
        &mut self,
        entry: &mut Entry,
        ask: Option<&Ask>,
        answered: bool,
    ) -> Result<bool, Fault> {
        let path = format!("/jobs/{}", entry.id);
        for _ in 0..LOOKS {
            let job = self.wire.get(&path).await;
            let events = self
                .wire
                .get(&format!(
                    "{path}/events?after={}&limit=200",
                    entry.version()
                ))
                .await;
            let items = match entry.items.is_empty() {
                true => Vec::new(),
                false => list(
                    &self.wire.get(&format!("{path}/items?limit=200")).await,
                    "items",
                ),
            };
            if job.status != StatusCode::OK {
                return Err(Fault::Lost(format!(
                    "the job {} is gone: {} {}",
                    entry.id, job.status, job.body
                )));
            }
            let (mut job, events) = (job.body, list(&events, "events"));
            job.as_object_mut().map(|job| job.remove("shots"));
            // Its lease may have ended in between.
            if job["version"].as_i64() == Some(entry.version() + events.len() as i64) {
                let items = items.iter().map(Item::of).collect();
                return entry.reconcile(Found { job, events, items }, ask, answered);
            }
            if job["version"].as_i64() < Some(entry.version()) {
                let what = format!(
                    "{} is at version {}, and was at {}",
                    entry.id,
                    job["version"],
                    entry.version()
                );
                return Err(Fault::Lost(what));
            }
        }
        Err(Fault::Wrong(format!(
            "the version of {} and its history do not agree",
            entry.id
        )))
    }

    pub async fn delete(&mut self, mut entry: Entry) {
        let path = format!("/jobs/{}", entry.id);
        let mut tries = 0;
        loop {
            let call = Call {
                kind: "delete",
                method: Method::DELETE,
                path: &path,
                body: None,
                key: None,
            };
            let gone = match self.wire.send(call).await {
                Some(answer) if answer.status == StatusCode::OK => Ok(true),
                Some(answer) if answer.status == StatusCode::NOT_FOUND && tries > 0 => Ok(true),
                Some(answer) => Err(Fault::Lost(format!(
                    "the job {} is gone: {}",
                    entry.id, answer.body
                ))),
                None => Ok(self.wire.get(&path).await.status == StatusCode::NOT_FOUND),
            };
            match gone {
                Ok(true) => {
                    self.just_deleted.push(entry.id.clone());
                    self.ledger
                        .deleted
                        .insert(entry.id.clone(), Deleted::of(&entry));
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
}
