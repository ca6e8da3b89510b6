//! Claims of two workers at once, and outcomes of several attempts in one call.

use super::{
    ask::{Ask, LONG_LEASE, SHORT_LEASE},
    client::{Client, list},
    entry::{Entry, Item},
    ledger::{Calls, Fault},
    wire::{Answer, Call, Wire},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashSet;

impl Client {
    /// Two workers claim at once, now and then only one, under a lease that ends soon.
    pub async fn claim(&mut self) {
        let workers = [format!("c{}-a", self.number), format!("c{}-b", self.number)];
        let (kind, most) = (self.job_type(), self.rng.u8(1..=3));
        let mut other = Wire {
            calls: Calls::default(),
            faults: Vec::new(),
            ..self.wire.clone()
        };
        let alone = self.rng.u8(..4) == 0;
        let lease = if alone { SHORT_LEASE } else { LONG_LEASE };
        let first = send(&mut self.wire, &workers[0], &kind, most, lease);
        let answers = match alone {
            true => vec![(workers[0].as_str(), first.await)],
            false => {
                let (first, second) =
                    tokio::join!(first, send(&mut other, &workers[1], &kind, most, lease));
                vec![(workers[0].as_str(), first), (workers[1].as_str(), second)]
            }
        };
        self.wire.calls.add(other.calls);
        self.wire.faults.append(&mut other.faults);
        self.take_claimed(&answers, lease).await;
        self.find_claimed(&answers, lease).await;
    }

    /// The jobs of the answered claims.
    async fn take_claimed(&mut self, answers: &[(&str, Option<Answer>)], lease: u32) {
        let mut given = HashSet::new();
        for (worker, answer) in answers {
            for claimed in answer.iter().flat_map(|answer| list(answer, "jobs")) {
                let id = claimed["job"]["job_id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                if !given.insert(id.clone()) {
                    self.fault(Fault::Double(format!("two workers were given {id}")));
                }
                let Some(place) = self.live.iter().position(|entry| entry.id == id) else {
                    self.fault(Fault::Wrong(format!(
                        "{worker} was given {id}, which is not there: {claimed}"
                    )));
                    continue;
                };
                let mut entry = self.live.swap_remove(place);
                let outcome = self.given(&mut entry, worker, claimed, lease).await;
                self.keep(entry, outcome);
            }
        }
    }

    async fn given(
        &mut self,
        entry: &mut Entry,
        worker: &str,
        claimed: Value,
        lease: u32,
    ) -> Result<(), Fault> {
        let items: Vec<_> = claimed["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(Item::of)
            .collect();
        if items != entry.items {
            return Err(Fault::Lost(format!(
                "{} was given with {items:?}, not {:?}",
                entry.id, entry.items
            )));
        }
        let ask = Ask::claim(entry, Some(worker), lease);
        if !entry.advance(&ask, claimed["job"].clone())? {
            self.look(entry, Some(&ask), true).await?;
        }
        entry.token = claimed["lease"]["token"]
            .as_str()
            .filter(|_| entry.is_leased())
            .map(str::to_owned);
        Ok(())
    }

    /// The jobs that claims without an answer may have given to their workers.
    async fn find_claimed(&mut self, answers: &[(&str, Option<Answer>)], lease: u32) {
        let lost: Vec<_> = answers
            .iter()
            .filter(|(_, answer)| answer.is_none())
            .map(|(worker, _)| *worker)
            .collect();
        if lost.is_empty() {
            return;
        }
        let worker = lost.first().copied().filter(|_| lost.len() == 1);
        let queued = |entry: &Entry| entry.status() == "queued" || entry.is_leased();
        let (queued, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.live).into_iter().partition(queued);
        self.live = others;
        for mut entry in queued {
            let ask = Ask::claim(&entry, worker, lease);
            let outcome = self.look(&mut entry, Some(&ask), false).await.map(drop);
            self.keep(entry, outcome);
        }
    }

    /// One transaction: all of the outcomes are taken, or none.
    pub async fn report_outcomes(&mut self) {
        let held = |entry: &Entry| entry.token.is_some();
        let (mut held, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.live).into_iter().partition(held);
        self.live = others;
        self.live.extend(held.split_off(held.len().min(3)));
        let mut asks = Vec::new();
        for entry in &held {
            let mark = self.mark();
            asks.push(Ask::ending(entry, &mark, &mut self.rng));
        }
        if held.is_empty() {
            return;
        }
        let outcomes: Vec<_> = held
            .iter()
            .zip(&asks)
            .map(|(entry, ask)| outcome(entry, ask))
            .collect();
        let body = json!({ "outcomes": outcomes });
        let call = Call {
            kind: "outcomes",
            method: Method::POST,
            path: "/outcomes",
            body: Some(&body),
            key: None,
        };
        let answers = self
            .wire
            .send(call)
            .await
            .map(|answer| list(&answer, "outcomes"));
        let mut done = Vec::new();
        for (i, (mut entry, ask)) in held.into_iter().zip(asks).enumerate() {
            let taken = answers
                .as_ref()
                .is_some_and(|answers| answers[i]["code"].is_null());
            let before = entry.steps.len();
            let mut looked = self.look(&mut entry, Some(&ask), taken).await;
            if let (Some(answers), Ok(false)) = (&answers, &looked)
                && entry.steps.len() == before
            {
                looked = Err(Fault::Lost(format!(
                    "the outcome of {} was refused: {}",
                    entry.id, answers[i]
                )));
            }
            let only_this = entry.steps.len() == before || looked == Ok(true);
            done.extend(
                looked
                    .as_ref()
                    .ok()
                    .filter(|_| answers.is_none() && only_this),
            );
            self.keep(entry, looked.map(drop));
        }
        if done.contains(&true) && done.contains(&false) {
            self.fault(Fault::Wrong(format!(
                "half of the outcomes {body} were taken: {done:?}"
            )));
        }
    }
}

fn outcome(entry: &Entry, ask: &Ask) -> Value {
    let mut outcome = ask.body.clone();
    outcome["job_id"] = json!(entry.id);
    outcome["outcome"] = match ask.verb {
        "completion" => json!("completed"),
        "failure" => json!("failed"),
        _ => json!("released"),
    };
    outcome
}

async fn send(
    wire: &mut Wire,
    worker: &str,
    kind: &str,
    max_jobs: u8,
    lease_seconds: u32,
) -> Option<Answer> {
    let body = json!({
        "worker_id": worker, "job_types": [kind], "max_jobs": max_jobs, "lease_seconds": lease_seconds,
    });
    let call = Call {
        kind: "claim",
        method: Method::POST,
        path: "/claims",
        body: Some(&body),
        key: None,
    };
    let answer = wire.send(call).await?;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    Some(answer)
}
