//! A proxy between a worker and its server that answers in the server's place, cuts and delays.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// What the proxy does with one request.
#[derive(Clone, Debug)]
pub enum Deed {
    Pass,
    /// Answers without the server: status line, and body.
    Answer(&'static str, &'static str),
    /// Passes the request, and answers this instead of what the server answered.
    Replace(&'static str, &'static str),
    /// Closes the connection before the request is passed.
    Cut,
    /// Passes the request, and closes the connection after a part of the answer: this many percent.
    CutAnswer(usize),
    Delay(Duration),
}

/// Decides by the path of the request, and by its body.
pub type Rule = Box<dyn FnMut(&str, &[u8]) -> Deed + Send>;

pub struct Proxy {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    rule: Arc<Mutex<Rule>>,
}

impl Proxy {
    pub async fn to(server: &str, rule: Rule) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            rule: Arc::new(Mutex::new(rule)),
        };
        let (rule, server) = (proxy.rule.clone(), server.to_owned());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = Connection {
                    stream: BufReader::new(stream),
                    server: server.clone(),
                    client: client.clone(),
                    rule: rule.clone(),
                };
                tokio::spawn(connection.serve());
            }
        });
        proxy
    }

    pub fn change(&self, rule: impl FnMut(&str, &[u8]) -> Deed + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }
}

struct Connection {
    stream: BufReader<TcpStream>,
    server: String,
    client: reqwest::Client,
    rule: Arc<Mutex<Rule>>,
}

impl Connection {
    async fn serve(mut self) {
        while let Some((path, body)) = self.request().await {
            let deed = (self.rule.lock().unwrap())(&path, &body);
            let answer = match deed {
                Deed::Cut => return,
                Deed::Answer(status, text) => response(status, text.as_bytes()),
                Deed::Replace(status, text) => {
                    self.pass(&path, body).await;
                    response(status, text.as_bytes())
                }
                Deed::CutAnswer(percent) => {
                    if let Some(answer) = self.pass(&path, body).await {
                        let part = &answer[..answer.len() * percent / 100];
                        let _ = self.stream.get_mut().write_all(part).await;
                    }
                    return;
                }
                Deed::Delay(time) => {
                    sleep(time).await;
                    let Some(answer) = self.pass(&path, body).await else {
                        return;
                    };
                    answer
                }
                Deed::Pass => {
                    let Some(answer) = self.pass(&path, body).await else {
                        return;
                    };
                    answer
                }
            };
            if self.stream.get_mut().write_all(&answer).await.is_err() {
                return;
            }
        }
    }

    /// Reads a request with a `Content-Length`; returns its path and its body.
    async fn request(&mut self) -> Option<(String, Vec<u8>)> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let path = lines.first()?.split(' ').nth(1)?.to_owned();
        let length = lines.iter().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        });
        let mut body = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut body).await.ok()?;
        Some((path, body))
    }

    /// Passes a request on; `None` if the server is away.
    async fn pass(&self, path: &str, body: Vec<u8>) -> Option<Vec<u8>> {
        let call = self
            .client
            .post(format!("{}{path}", self.server))
            .header("content-type", "application/json");
        let answer = call.body(body).send().await.ok()?;
        let status = answer.status().to_string();
        let body = answer.bytes().await.ok()?;
        Some(response(&status, &body))
    }
}

fn response(status: &str, body: &[u8]) -> Vec<u8> {
    let place = if status.starts_with('3') {
        "Location: http://127.0.0.1:9/moved\r\n"
    } else {
        ""
    };
    let mut all = format!(
        "HTTP/1.1 {status}\r\n{place}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    // A response without content has no length either.
    if status.starts_with("204") {
        return format!("HTTP/1.1 {status}\r\n\r\n").into_bytes();
    }
    all.extend_from_slice(body);
    all
}
