//! Creates: with a key, with an id, with neither, several at once; and again with a key that was
//! answered.

use super::{
    client::{Client, list},
    entry::{Entry, differs},
    ledger::Fault,
    wire::Call,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Characters of a large body.
const LARGE: usize = 200_000;

impl Client {
    pub async fn create(&mut self) {
        match self.rng.u8(..10) {
            0..4 => self.create_with_key().await,
            4..6 => self.create_with_id().await,
            6..8 => self.create_with_label().await,
            _ => self.create_several().await,
        }
    }

    fn body(&mut self, mark: &str) -> Value {
        let heavy = self.wire.stage.borrow().heavy;
        let large = self.rng.u8(..100) < if heavy { 60 } else { 3 };
        let content = if large {
            format!("{mark}{}", "x".repeat(LARGE))
        } else {
            format!("the content of {mark}")
        };
        let items: Vec<_> = (0..self.rng.usize(..5))
            .map(|i| json!({"key": format!("shot-{i}")}))
            .collect();
        let mut body = json!({
            "job_type": self.job_type(), "content": content, "labels": {"mark": mark}, "items": items,
            "priority": self.rng.i8(-3..=3), "max_attempts": self.rng.u8(1..=4),
        });
        if self.rng.bool() {
            body["client_id"] = json!(self.job_type());
        }
        if let Some((series, episode)) = self.place_in_series() {
            body["series_id"] = json!(series);
            body["episode_id"] = json!(episode);
        }
        body
    }

    /// The job is made once however often the create is sent.
    async fn create_with_key(&mut self) {
        let mark = self.mark();
        let body = self.body(&mark);
        let call = Call {
            kind: "create",
            method: Method::POST,
            path: "/jobs",
            body: Some(&body),
            key: Some(&mark),
        };
        let answer = self.wire.insist(call).await;
        if answer.status != StatusCode::CREATED {
            return self.fault(Fault::Lost(format!(
                "the create {mark} was refused: {}",
                answer.body
            )));
        }
        self.made(body, Some(mark), answer.body);
    }

    /// The id tells whether the create was carried out.
    async fn create_with_id(&mut self) {
        let mark = self.mark();
        let mut body = self.body(&mark);
        let id = format!("own-{}", mark.trim_end_matches('.'));
        body["job_id"] = json!(id);
        let mut tries = 0;
        loop {
            let call = Call {
                kind: "create",
                method: Method::POST,
                path: "/jobs",
                body: Some(&body),
                key: None,
            };
            match self.wire.send(call).await {
                Some(answer) if answer.status == StatusCode::CREATED => {
                    return self.made(body, None, answer.body);
                }
                Some(answer) if tries == 0 || answer.body["code"] != "job_exists" => {
                    return self.fault(Fault::Wrong(format!(
                        "the create of {id} was refused: {}",
                        answer.body
                    )));
                }
                Some(_) => return self.find(body, &format!("/jobs/{id}")).await,
                None if self.rng.bool() => return self.find(body, &format!("/jobs/{id}")).await,
                None => self.wire.calls.repeated += 1,
            }
            tries += 1;
        }
    }

    /// A job that may be there, made from the body.
    async fn find(&mut self, body: Value, path: &str) {
        let mut answer = self.wire.get(path).await;
        if answer.status == StatusCode::OK {
            answer.body.as_object_mut().map(|job| job.remove("shots"));
            self.made(body, None, answer.body);
        }
    }

    /// Only the label tells whether the create was carried out.
    async fn create_with_label(&mut self) {
        let mark = self.mark();
        let body = self.body(&mark);
        let call = Call {
            kind: "create",
            method: Method::POST,
            path: "/jobs",
            body: Some(&body),
            key: None,
        };
        if let Some(answer) = self.wire.send(call).await {
            return match answer.status {
                StatusCode::CREATED => self.made(body, None, answer.body),
                _ => self.fault(Fault::Wrong(format!(
                    "the create {mark} was refused: {}",
                    answer.body
                ))),
            };
        }
        let found = list(
            &self
                .wire
                .get(&format!("/jobs?view=summary&label=mark={mark}"))
                .await,
            "jobs",
        );
        match &found[..] {
            [] => {}
            [job] => {
                self.find(
                    body,
                    &format!("/jobs/{}", job["job_id"].as_str().unwrap_or_default()),
                )
                .await
            }
            _ => self.fault(Fault::Double(format!(
                "{} jobs were made by one create: {found:?}",
                found.len()
            ))),
        }
    }

    async fn create_several(&mut self) {
        let key = self.mark();
        let count = self.rng.usize(2..6);
        let mut bodies = Vec::new();
        for _ in 0..count {
            let mark = self.mark();
            bodies.push(self.body(&mark));
        }
        let body = json!({ "jobs": bodies });
        let call = Call {
            kind: "bulk create",
            method: Method::POST,
            path: "/jobs/bulk",
            body: Some(&body),
            key: Some(&key),
        };
        let answer = self.wire.insist(call).await;
        let outcomes = list(&answer, "outcomes");
        if outcomes.len() != count {
            return self.fault(Fault::Lost(format!(
                "the bulk create {key} was answered {}",
                answer.body
            )));
        }
        for (body, outcome) in bodies.into_iter().zip(outcomes) {
            let before = self.live.len();
            self.find(
                body,
                &format!("/jobs/{}", outcome["job_id"].as_str().unwrap_or_default()),
            )
            .await;
            if self.live.len() == before {
                self.fault(Fault::Lost(format!(
                    "a job of the bulk create {key} is missing: {outcome}"
                )));
            }
        }
    }

    fn made(&mut self, body: Value, key: Option<String>, job: Value) {
        match Entry::made(body, key, job) {
            Ok(entry) => self.live.push(entry),
            Err(fault) => self.fault(fault),
        }
    }

    /// A create again that was answered long ago: its answer is the job as it is now.
    pub async fn repeat_create(&mut self) {
        let with_key = |entry: &&Entry| entry.key.is_some() && !entry.is_leased();
        let Some(entry) = self.live.iter().find(with_key) else {
            return;
        };
        let (id, job) = (entry.id.clone(), entry.job.clone());
        let (body, key) = (entry.body.clone(), entry.key.clone());
        self.wire.calls.repeated += 1;
        let call = Call {
            kind: "create",
            method: Method::POST,
            path: "/jobs",
            body: Some(&body),
            key: key.as_deref(),
        };
        let Some(answer) = self.wire.send(call).await else {
            return;
        };
        if answer.body["job_id"] != *id {
            self.fault(Fault::Double(format!(
                "the key of {id} made another job: {}",
                answer.body
            )));
        } else if let Some(differs) = differs(&job, &answer.body) {
            self.fault(Fault::Lost(format!(
                "{id} is not as it was answered: {differs}"
            )));
        }
    }
}
