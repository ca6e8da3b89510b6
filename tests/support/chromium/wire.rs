//! The DevTools protocol: calls with their responses, the recorded activity of pages, and requests
//! that the test answers.

use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{ChildStdin, ChildStdout},
    sync::{mpsc, oneshot},
    time::timeout,
};

/// Timeout of a call, longer than any takes on a loaded machine: only a hanging browser reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Recorded activity of a page: its errors and its requests.
#[derive(Clone, Debug, Default)]
pub struct PageLog {
    /// Errors and warnings of the console, exceptions, and violations of the policy.
    pub complaints: Vec<String>,
    /// URLs of all requests.
    pub requests: Vec<String>,
    /// Texts of dialogs that a script opened.
    pub dialogs: Vec<String>,
}

/// Rule for requests of a page that the test answers instead of the server.
#[derive(Clone)]
pub struct Refusal {
    pub part: String,
    /// Number of requests still to be answered; `None` for all.
    pub times: Option<u32>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<u64, oneshot::Sender<Result<Value, String>>>,
    pages: HashMap<String, PageLog>,
    refusals: HashMap<String, Refusal>,
}

pub struct Wire {
    tell: mpsc::UnboundedSender<Value>,
    state: Mutex<State>,
    next: AtomicU64,
}

impl Wire {
    /// Connects to a browser through its two pipes.
    pub fn start(tell: ChildStdin, hear: ChildStdout) -> Arc<Self> {
        let (told, said) = mpsc::unbounded_channel();
        let wire = Arc::new(Self {
            tell: told,
            state: Mutex::default(),
            next: AtomicU64::new(1),
        });
        tokio::spawn(write(tell, said));
        tokio::spawn(read(hear, wire.clone()));
        wire
    }

    /// Returns the recorded activity of the page of a session.
    pub fn heard(&self, session: &str) -> PageLog {
        self.state
            .lock()
            .unwrap()
            .pages
            .get(session)
            .cloned()
            .unwrap_or_default()
    }

    pub fn forget(&self, session: &str) {
        self.state.lock().unwrap().pages.remove(session);
    }

    /// Applies the rule to requests of the session from now on.
    pub fn refuse(&self, session: &str, refusal: Refusal) {
        self.state
            .lock()
            .unwrap()
            .refusals
            .insert(session.to_owned(), refusal);
    }

    fn take(&self, message: Value) {
        let mut state = self.state.lock().unwrap();
        if let Some(id) = message["id"].as_u64() {
            let answer = match message.get("error") {
                Some(error) => Err(error.to_string()),
                None => Ok(message["result"].clone()),
            };
            if let Some(asker) = state.waiting.remove(&id) {
                let _ = asker.send(answer);
            }
            return;
        }
        let session = message["sessionId"].as_str().unwrap_or_default().to_owned();
        let about = &message["params"];
        let heard = state.pages.entry(session.clone()).or_default();
        match message["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => {
                heard.complaints.push(about["exceptionDetails"].to_string())
            }
            "Runtime.consoleAPICalled"
                if matches!(about["type"].as_str(), Some("error" | "warning" | "assert")) =>
            {
                heard.complaints.push(about["args"].to_string());
            }
            "Log.entryAdded"
                if matches!(about["entry"]["level"].as_str(), Some("error" | "warning")) =>
            {
                heard.complaints.push(format!(
                    "{} {}",
                    about["entry"]["text"], about["entry"]["url"]
                ));
            }
            "Network.requestWillBeSent" => heard.requests.push(
                about["request"]["url"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            ),
            "Page.javascriptDialogOpening" => {
                heard.dialogs.push(about["message"].to_string());
                self.send(
                    "Page.handleJavaScriptDialog",
                    json!({"accept": false}),
                    Some(&session),
                );
            }
            "Fetch.requestPaused" => {
                let answer = refuse(state.refusals.get_mut(&session), about);
                self.send(answer.0, answer.1, Some(&session));
            }
            _ => {}
        }
    }

    fn send(&self, method: &str, params: Value, session: Option<&str>) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let _ = self.tell.send(message);
        id
    }

    pub async fn try_call(
        &self,
        method: &str,
        params: Value,
        session: Option<&str>,
    ) -> Result<Value, String> {
        let (asker, answer) = oneshot::channel();
        {
            let mut state = self.state.lock().unwrap();
            let id = self.send(method, params, session);
            state.waiting.insert(id, asker);
        }
        let answer = timeout(PATIENCE, answer)
            .await
            .map_err(|_| format!("no answer to {method}"))?;
        answer.map_err(|_| "the browser is gone".to_owned())?
    }

    pub async fn call(&self, method: &str, params: Value, session: Option<&str>) -> Value {
        self.try_call(method, params, session)
            .await
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}

async fn write(mut pipe: ChildStdin, mut said: mpsc::UnboundedReceiver<Value>) {
    while let Some(message) = said.recv().await {
        let mut text = message.to_string().into_bytes();
        text.push(0);
        if pipe.write_all(&text).await.is_err() {
            return;
        }
    }
}

async fn read(pipe: ChildStdout, wire: Arc<Wire>) {
    let mut pipe = BufReader::new(pipe);
    let mut message = Vec::new();
    while matches!(pipe.read_until(0, &mut message).await, Ok(n) if n > 0) {
        message.pop();
        if let Ok(value) = serde_json::from_slice::<Value>(&message) {
            wire.take(value);
        }
        message.clear();
    }
    wire.state.lock().unwrap().waiting.clear();
}

/// Problem document in Base64: status 503, code `database_unavailable`, detail `The database does
/// not answer.`, request id `0199-test`.
const UNAVAILABLE: &str = "eyJkZXRhaWwiOiJUaGUgZGF0YWJhc2UgZG9lcyBub3QgYW5zd2VyLiIsImNvZGUiOiJkYXRhYmFzZV91bmF2YWlsYWJsZSIsInN0YXR1cyI6NTAzLCJyZXF1ZXN0X2lkIjoiMDE5OS10ZXN0In0=";

fn refuse(refusal: Option<&mut Refusal>, about: &Value) -> (&'static str, Value) {
    let request = about["requestId"].clone();
    let refusal = refusal.filter(|r| {
        about["request"]["url"]
            .as_str()
            .is_some_and(|url| url.contains(&r.part))
    });
    match refusal {
        Some(refusal) if refusal.times != Some(0) => {
            refusal.times = refusal.times.map(|n| n - 1);
            let header = json!([{"name": "content-type", "value": "application/problem+json"}]);
            let answer = json!({"requestId": request, "responseCode": 503, "responseHeaders": header, "body": UNAVAILABLE});
            ("Fetch.fulfillRequest", answer)
        }
        _ => ("Fetch.continueRequest", json!({"requestId": request})),
    }
}
