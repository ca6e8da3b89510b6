//! A client that creates jobs and works on those of everyone, and goes on with the next server when one is killed.

use super::ledger::{Created, Ledger, Seen};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, watch};

/// Jobs that the clients work on at a time: few, so that they meet.
const WORKED_ON: usize = 12;

#[derive(Clone, Default)]
pub struct Stage {
    /// Where the server is.
    pub url: String,
    pub over: bool,
}

pub struct Client {
    pub number: usize,
    pub rng: fastrand::Rng,
    pub stage: watch::Receiver<Stage>,
    /// Is told of each answer.
    pub answered: mpsc::UnboundedSender<()>,
    /// Ids of the jobs of all clients, in the order of their answers, each with the number of its items.
    pub jobs: Arc<Mutex<Vec<(String, usize)>>>,
    pub http: reqwest::Client,
    pub ledger: Ledger,
}

impl Client {
    pub async fn run(mut self) -> Ledger {
        while !self.stage.borrow().over {
            match self.job_to_work_on() {
                Some((id, items)) if self.rng.u8(..100) < 80 => self.change(&id, items).await,
                _ => self.create().await,
            }
        }
        self.ledger
    }

    fn job_to_work_on(&mut self) -> Option<(String, usize)> {
        let jobs = self.jobs.lock().unwrap();
        let newest = &jobs[jobs.len().saturating_sub(WORKED_ON)..];
        (!newest.is_empty()).then(|| newest[self.rng.usize(..newest.len())].clone())
    }

    /// Repeats the create with its key until it is answered.
    async fn create(&mut self) {
        let key = format!("{}-{}", self.number, self.ledger.created.len());
        let items = self.rng.usize(..4);
        let body = json!({
            "job_type": "idea2video", "content": format!("the content of {key}"), "labels": {"key": key},
            "items": (0..items).map(|i| json!({"key": format!("shot-{i}")})).collect::<Vec<_>>(),
        });
        let mut attempts = 0;
        let (status, job) = loop {
            attempts += 1;
            if let Some(answer) = self.send(Method::POST, "/api/v1/jobs", &body, Some(&key)).await {
                break answer;
            }
        };
        assert_eq!(status, StatusCode::CREATED, "{job}");
        let seen = Seen::of(&job);
        self.jobs.lock().unwrap().push((seen.id.clone(), items));
        self.ledger.created.push(Created { id: seen.id.clone(), body });
        self.ledger.repeated += usize::from(attempts > 1);
        let id = seen.id.clone();
        self.ledger.seen.push(seen);
        self.call(Method::POST, &id, "/start", json!({})).await;
    }

    async fn change(&mut self, id: &str, items: usize) {
        match self.rng.u8(..10) {
            0 => self.call(Method::POST, id, "/start", json!({"worker_id": format!("client-{}", self.number)})).await,
            1 => self.call(Method::POST, id, "/complete", json!({"result": {"by": self.number}})).await,
            2 => {
                let patch = json!({"project_title": format!("Take {}", self.rng.u32(..))});
                self.call(Method::PATCH, id, "", patch).await;
            }
            3..=5 if items > 0 => {
                let status = ["processing", "completed", "failed", "skipped"][self.rng.usize(..4)];
                let report = json!({"key": format!("shot-{}", self.rng.usize(..items)), "status": status});
                self.call(Method::PATCH, id, "/items", json!({"items": [report]})).await;
            }
            _ => {
                let progress = f64::from(self.rng.u32(..=1000)) / 10.0;
                let report = json!({"progress": progress, "current_stage": format!("Stage {}", self.rng.u32(..))});
                self.call(Method::PUT, id, "/progress", report).await;
            }
        }
    }

    async fn call(&mut self, method: Method, id: &str, verb: &str, body: Value) {
        let Some((status, answer)) = self.send(method, &format!("/api/v1/jobs/{id}{verb}"), &body, None).await else {
            return;
        };
        match status {
            StatusCode::OK => self.ledger.seen.push(Seen::of(&answer)),
            StatusCode::CONFLICT => self.ledger.refused += 1,
            _ => panic!("{verb} of {id} was answered {status}: {answer}"),
        }
    }

    /// The answer. When the connection breaks before it is complete there is none; then another server serves already.
    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Option<(StatusCode, Value)> {
        let url = format!("{}{path}", self.stage.borrow_and_update().url);
        let mut request = self.http.request(method, url).json(body);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = async {
            let response = request.send().await?;
            Ok::<_, reqwest::Error>((response.status(), response.json().await?))
        };
        match answer.await {
            Ok(answer) => {
                let _ = self.answered.send(());
                Some(answer)
            }
            Err(error) => {
                // A connection that was refused never carried the request.
                self.ledger.unanswered += usize::from(!error.is_connect());
                let next = self.stage.changed().await;
                next.unwrap_or_else(|_| panic!("the last server did not answer: {error}"));
                None
            }
        }
    }
}
