//! A reader of server-sent events.

use crate::support::TestApp;
use serde_json::Value;
use std::time::Duration;

/// Longer than anything takes on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: Option<String>,
    pub event: String,
    pub data: Value,
}

impl Message {
    pub fn kind(&self) -> &str {
        self.data["kind"].as_str().unwrap_or(&self.event)
    }

    pub fn seq(&self) -> i64 {
        self.data["seq"].as_i64().unwrap()
    }

    pub fn job(&self) -> &str {
        self.data["job_id"].as_str().unwrap()
    }
}

pub struct Reader {
    response: reqwest::Response,
    text: String,
    /// The id that a browser would send when it comes back.
    pub last_id: Option<String>,
}

impl Reader {
    pub async fn open(client: &reqwest::Client, url: &str, last_id: Option<&str>) -> Self {
        let mut request = client.get(url);
        if let Some(id) = last_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{url}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self {
            response,
            text: String::new(),
            last_id: last_id.map(str::to_owned),
        }
    }

    /// The next message; `None` when the stream has ended, or was cut.
    pub async fn next(&mut self) -> Option<Message> {
        tokio::time::timeout(PATIENCE, self.read_on())
            .await
            .expect("a message comes")
    }

    async fn read_on(&mut self) -> Option<Message> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                if let Some(message) = self.read(&block) {
                    return Some(message);
                }
            }
            let piece = self.response.chunk().await;
            self.text
                .push_str(std::str::from_utf8(&piece.ok()??).unwrap());
        }
    }

    /// So many messages.
    pub async fn take(&mut self, count: usize) -> Vec<Message> {
        let mut messages = Vec::new();
        while messages.len() < count {
            messages.push(self.next().await.expect("the stream goes on"));
        }
        messages
    }

    /// The rest, up to the end of the stream.
    pub async fn rest(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Some(message) = self.next().await {
            messages.push(message);
        }
        messages
    }

    fn read(&mut self, block: &str) -> Option<Message> {
        let (mut id, mut event, mut data) = (None, None, None);
        for line in block
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with(':'))
        {
            match line.split_once(": ").expect(line) {
                ("id", text) => id = Some(text.to_owned()),
                ("event", text) => event = Some(text.to_owned()),
                ("data", text) => data = Some(serde_json::from_str(text).expect(text)),
                ("retry", text) => assert_eq!(text, "1000"),
                _ => panic!("what is {line}"),
            }
        }
        if id.is_some() {
            self.last_id = id.clone();
        }
        Some(Message {
            id,
            event: event?,
            data: data?,
        })
    }
}

/// `kind` of each message, or its name when it is no change.
pub fn kinds(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(Message::kind).collect()
}

pub async fn progress(t: &TestApp, id: &str, percent: f64) {
    let report = callsheet::jobs::Progress {
        progress: Some(percent),
        ..Default::default()
    };
    t.update_progress(id, report, None).await.unwrap();
}
