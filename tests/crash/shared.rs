//! Jobs that all clients change at once, so that changes of one job meet in a batch: an answer has
//! to be the event of its version.

use super::{client::Client, ledger::Fault, wire::Call};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Jobs that the clients work on at a time: few, so that they meet.
const WORKED_ON: usize = 12;

/// Ids of the jobs of all clients, in the order of their answers, each with the number of its
/// items.
pub type SharedJobs = Arc<Mutex<Vec<(String, usize)>>>;

/// An answered create, with the body that was sent.
pub struct Created {
    pub id: String,
    pub body: Value,
}

/// A job as a changing call answered it.
pub struct Seen {
    pub id: String,
    pub version: i64,
    pub state: State,
}

/// Members of a job that its events have too.
#[derive(Debug, PartialEq)]
pub struct State {
    pub status: String,
    pub progress: f64,
    pub current_stage: Option<String>,
    pub total_shots: i64,
    pub completed_shots: i64,
}

impl Seen {
    pub fn of(job: &Value) -> Self {
        let text = |name: &str| job[name].as_str().map(str::to_owned);
        let number = |name: &str| job[name].as_i64().expect(name);
        let state = State {
            status: text("status").unwrap(),
            progress: job["progress"].as_f64().unwrap(),
            current_stage: text("current_stage"),
            total_shots: number("total_shots"),
            completed_shots: number("completed_shots"),
        };
        Self {
            id: text("job_id").unwrap(),
            version: number("version"),
            state,
        }
    }
}

impl Client {
    pub async fn meet(&mut self) {
        match self.job_to_meet_at() {
            Some((id, items)) if self.rng.u8(..100) < 80 => self.change_shared(&id, items).await,
            _ => self.create_shared().await,
        }
    }

    fn job_to_meet_at(&mut self) -> Option<(String, usize)> {
        let jobs = self.shared.lock().unwrap();
        let newest = &jobs[jobs.len().saturating_sub(WORKED_ON)..];
        (!newest.is_empty()).then(|| newest[self.rng.usize(..newest.len())].clone())
    }

    async fn create_shared(&mut self) {
        let key = self.mark();
        let items = self.rng.usize(..4);
        let body = json!({
            "job_type": "idea2video", "content": format!("the content of {key}"), "labels": {"key": key},
            "items": (0..items).map(|i| json!({"key": format!("shot-{i}")})).collect::<Vec<_>>(),
        });
        let call = Call {
            kind: "create",
            method: Method::POST,
            path: "/jobs",
            body: Some(&body),
            key: Some(&key),
        };
        let answer = self.wire.insist(call).await;
        if answer.status != StatusCode::CREATED {
            return self.fault(Fault::Lost(format!(
                "the create {key} was refused: {}",
                answer.body
            )));
        }
        let seen = Seen::of(&answer.body);
        let id = seen.id.clone();
        self.shared.lock().unwrap().push((id.clone(), items));
        self.ledger.created.push(Created {
            id: id.clone(),
            body,
        });
        self.ledger.seen.push(seen);
        self.call("start", Method::POST, &id, "/start", json!({}))
            .await;
    }

    async fn change_shared(&mut self, id: &str, items: usize) {
        let (number, stage) = (self.number, self.mark());
        match self.rng.u8(..10) {
            0 => {
                self.call(
                    "start",
                    Method::POST,
                    id,
                    "/start",
                    json!({"worker_id": format!("client-{number}")}),
                )
                .await
            }
            1 => {
                self.call(
                    "completion",
                    Method::POST,
                    id,
                    "/complete",
                    json!({"result": {"by": number}}),
                )
                .await
            }
            2 => {
                self.call(
                    "patch",
                    Method::PATCH,
                    id,
                    "",
                    json!({"project_title": stage}),
                )
                .await
            }
            3..=5 if items > 0 => {
                let status = ["processing", "completed", "failed", "skipped"][self.rng.usize(..4)];
                let report =
                    json!({"key": format!("shot-{}", self.rng.usize(..items)), "status": status});
                self.call(
                    "item report",
                    Method::PATCH,
                    id,
                    "/items",
                    json!({"items": [report]}),
                )
                .await;
            }
            _ => {
                let progress = f64::from(self.rng.u32(..=1000)) / 10.0;
                let report = json!({"progress": progress, "current_stage": stage});
                self.call("progress", Method::PUT, id, "/progress", report)
                    .await;
            }
        }
    }

    async fn call(
        &mut self,
        kind: &'static str,
        method: Method,
        id: &str,
        verb: &str,
        body: Value,
    ) {
        let path = format!("/jobs/{id}{verb}");
        let call = Call {
            kind,
            method,
            path: &path,
            body: Some(&body),
            key: None,
        };
        let Some(answer) = self.wire.send(call).await else {
            return;
        };
        match answer.status {
            StatusCode::OK => self.ledger.seen.push(Seen::of(&answer.body)),
            StatusCode::CONFLICT => {}
            status => self.fault(Fault::Lost(format!(
                "{kind} of {id} was answered {status}: {}",
                answer.body
            ))),
        }
    }
}
