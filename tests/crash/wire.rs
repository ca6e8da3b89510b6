//! Calls to the server that serves now.

use super::ledger::{Calls, Fault};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Longer than any answer takes on a loaded machine, a crash of PostgreSQL included.
const PATIENCE: Duration = Duration::from_secs(120);

/// Pause after an answer that the database is away.
const AGAIN: Duration = Duration::from_millis(20);

#[derive(Clone, Default)]
pub struct Stage {
    /// Address of the server.
    pub url: String,
    /// Most new jobs have large bodies.
    pub heavy: bool,
    pub over: bool,
}

#[derive(Clone)]
pub struct Wire {
    pub stage: watch::Receiver<Stage>,
    pub http: reqwest::Client,
    /// Receives a message at each answer to a call that changes something.
    pub answered: mpsc::UnboundedSender<()>,
    pub calls: Calls,
    pub faults: Vec<Fault>,
}

pub struct Call<'a> {
    /// Name in the ledger; empty for a call that only reads.
    pub kind: &'static str,
    pub method: Method,
    /// Behind `/api/v1`.
    pub path: &'a str,
    pub body: Option<&'a Value>,
    pub key: Option<&'a str>,
}

pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
    pub lease_token: Option<String>,
}

impl Wire {
    pub fn is_over(&self) -> bool {
        self.stage.borrow().over
    }

    /// The answer. There is none when the connection breaks before it is complete, in which case
    /// another server serves when this returns, and none when the server does not know the outcome
    /// itself.
    pub async fn send(&mut self, call: Call<'_>) -> Option<Answer> {
        let url = format!("{}/api/v1{}", self.stage.borrow_and_update().url, call.path);
        let mut request = self
            .http
            .request(call.method.clone(), url)
            .timeout(PATIENCE);
        if let Some(body) = call.body {
            request = request.json(body);
        }
        if let Some(key) = call.key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = async {
            let response = request.send().await?;
            let lease_token = response
                .headers()
                .get("lease-token")
                .and_then(|token| token.to_str().ok());
            let (status, lease_token) = (response.status(), lease_token.map(str::to_owned));
            let body = response.bytes().await?;
            Ok::<_, reqwest::Error>((status, lease_token, body))
        };
        match answer.await {
            Ok((status, lease_token, body)) => {
                if !call.kind.is_empty() {
                    let _ = self.answered.send(());
                }
                let body = serde_json::from_slice(&body).unwrap_or_default();
                self.sort(
                    &call,
                    Answer {
                        status,
                        body,
                        lease_token,
                    },
                )
                .await
            }
            Err(error) => {
                let carried = !call.kind.is_empty() && !error.is_connect();
                self.calls.unanswered += usize::from(carried);
                assert!(
                    !error.is_timeout(),
                    "{} {} was not answered in {PATIENCE:?}",
                    call.method,
                    call.path
                );
                let next = self.stage.changed().await;
                next.unwrap_or_else(|_| panic!("the last server did not answer: {error}"));
                None
            }
        }
    }

    /// Counts the answer, and holds back one that leaves the outcome open.
    async fn sort(&mut self, call: &Call<'_>, answer: Answer) -> Option<Answer> {
        let changes = !call.kind.is_empty();
        if answer.status.is_server_error() {
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                let Call { method, path, .. } = call;
                self.faults.push(Fault::Wrong(format!(
                    "{method} {path}: {} {}",
                    answer.status, answer.body
                )));
            }
            self.calls.unanswered += usize::from(changes);
            tokio::time::sleep(AGAIN).await;
            return None;
        }
        match answer.status.is_success() {
            true if changes => *self.calls.answered.entry(call.kind).or_default() += 1,
            false if changes => self.calls.refused += 1,
            _ => {}
        }
        Some(answer)
    }

    /// The answer to a call that may be repeated, from whichever server gives it.
    pub async fn insist(&mut self, call: Call<'_>) -> Answer {
        let mut tries = 0;
        loop {
            let Call {
                kind,
                path,
                body,
                key,
                ..
            } = call;
            if let Some(answer) = self
                .send(Call {
                    kind,
                    method: call.method.clone(),
                    path,
                    body,
                    key,
                })
                .await
            {
                self.calls.repeated += usize::from(tries > 0 && !kind.is_empty());
                return answer;
            }
            tries += 1;
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.insist(Call {
            kind: "",
            method: Method::GET,
            path,
            body: None,
            key: None,
        })
        .await
    }
}
