//! Series and episodes: made once for each key; deleting one is a step of each of its jobs.

use super::{
    ask::Ask,
    client::Client,
    entry::Entry,
    ledger::Fault,
    wire::{Answer, Call},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Series that a client has at a time.
const MOST: usize = 2;

pub struct Series {
    pub id: String,
    pub title: String,
    pub episodes: Vec<String>,
    pub deleted: bool,
    /// Episodes that were made, deleted ones included.
    made: usize,
}

impl Client {
    pub async fn step_series(&mut self) {
        let open = |series: &&mut Series| !series.deleted;
        let place = self.ledger.series.iter().position(|series| !series.deleted);
        match (place, self.rng.u8(..10)) {
            (Some(place), 0) => self.delete_series(place).await,
            (Some(place), 1..3) => self.delete_episode(place).await,
            (Some(place), 3..7) => self.create_episode(place).await,
            _ if self.ledger.series.iter_mut().filter(open).count() < MOST => {
                self.create_series().await
            }
            _ => {}
        }
    }

    /// A series and an episode, for a new job.
    pub fn place_in_series(&mut self) -> Option<(String, Option<String>)> {
        let series = self.ledger.series.iter().find(|series| !series.deleted)?;
        let episode = self
            .rng
            .choice(&series.episodes)
            .filter(|_| !series.episodes.is_empty())
            .cloned();
        (self.rng.u8(..4) == 0).then(|| (series.id.clone(), episode))
    }

    async fn create_series(&mut self) {
        let title = self.mark();
        let Some(answer) = self
            .create_part("/series", json!({"title": title}), &title)
            .await
        else {
            return;
        };
        let id = text(&answer, "series_id");
        if self.ledger.series.iter().any(|series| series.id == id) {
            return self.fault(Fault::Double(format!("two keys made the series {id}")));
        }
        self.ledger.series.push(Series {
            id,
            title,
            episodes: Vec::new(),
            deleted: false,
            made: 0,
        });
    }

    async fn create_episode(&mut self, place: usize) {
        let (mark, series) = (self.mark(), &self.ledger.series[place]);
        let body = json!({"series_id": series.id, "title": mark, "number": series.made});
        if let Some(answer) = self.create_part("/episodes", body, &mark).await {
            let series = &mut self.ledger.series[place];
            series.made += 1;
            series.episodes.push(text(&answer, "episode_id"));
        }
    }

    /// A series or episode, with the key. The answer has what was sent.
    async fn create_part(&mut self, path: &str, body: Value, key: &str) -> Option<Answer> {
        let call = Call {
            kind: "series",
            method: Method::POST,
            path,
            body: Some(&body),
            key: Some(key),
        };
        let answer = self.wire.insist(call).await;
        match super::entry::differs(&body, &answer.body) {
            None if answer.status == StatusCode::CREATED => return Some(answer),
            differs => self.fault(Fault::Lost(format!(
                "POST {path}: {} {} {differs:?}",
                answer.status, answer.body
            ))),
        }
        None
    }

    async fn delete_series(&mut self, place: usize) {
        let id = self.ledger.series[place].id.clone();
        self.ledger.series[place].deleted = true;
        self.delete_part(&format!("/series/{id}")).await;
        self.detached("series_id", &id).await;
    }

    async fn delete_episode(&mut self, place: usize) {
        if let Some(id) = self.ledger.series[place].episodes.pop() {
            self.delete_part(&format!("/episodes/{id}")).await;
            self.detached("episode_id", &id).await;
        }
    }

    async fn delete_part(&mut self, path: &str) {
        let mut tries = 0;
        loop {
            let call = Call {
                kind: "series",
                method: Method::DELETE,
                path,
                body: None,
                key: None,
            };
            match self.wire.send(call).await {
                Some(answer) if answer.status == StatusCode::NO_CONTENT => return,
                Some(answer) if tries > 0 && answer.status == StatusCode::NOT_FOUND => return,
                Some(answer) => {
                    return self.fault(Fault::Lost(format!("{path} is gone: {}", answer.body)));
                }
                None => self.wire.calls.repeated += 1,
            }
            tries += 1;
        }
    }

    /// Each job of the series or episode has left it, by one step.
    async fn detached(&mut self, member: &'static str, id: &str) {
        let ask = Ask::detach(member);
        let belongs = |entry: &Entry| entry.job[member] == *id;
        let (live, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.live)
            .into_iter()
            .partition(belongs);
        self.live = others;
        for mut entry in live {
            let outcome = self.look(&mut entry, Some(&ask), true).await.map(drop);
            self.keep(entry, outcome);
        }
        let (aside, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.ledger.entries)
            .into_iter()
            .partition(belongs);
        self.ledger.entries = others;
        for mut entry in aside {
            let outcome = self.look(&mut entry, Some(&ask), true).await.map(drop);
            match outcome {
                Ok(()) => self.ledger.entries.push(entry),
                outcome => self.keep(entry, outcome),
            }
        }
    }

    /// The newest series are there, or not.
    pub async fn check_series(&mut self) {
        let newest = self.ledger.series.iter().rev().take(MOST + 1);
        let newest: Vec<_> = newest
            .map(|series| (series.id.clone(), series.deleted))
            .collect();
        for (id, deleted) in newest {
            let answer = self.wire.get(&format!("/series/{id}")).await;
            if (answer.status == StatusCode::NOT_FOUND) != deleted {
                self.fault(Fault::Lost(format!(
                    "series {id}, deleted: {deleted}, is answered {}",
                    answer.status
                )));
            }
        }
    }
}

fn text(answer: &Answer, name: &str) -> String {
    answer.body[name].as_str().unwrap_or_default().to_owned()
}
