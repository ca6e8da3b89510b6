//! An endpoint on this machine whose answers the test decides.

use callsheet::lifecycle::signature;
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Answer to a message.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A status, and further lines of the header.
    Status(u16, String),
    /// A body of a gigabyte, of which the receiver sends as much as is read.
    Gigabyte,
    /// A status, but not before the test opens the gate.
    Late(u16),
    /// A body that never ends: "ok", and then nothing more.
    Stall,
    /// The connection ends without an answer.
    Close,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self::Status(status, String::new())
    }
}

/// A message that came.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Received {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether one of the signatures is that of this secret.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let timestamp = self.headers["webhook-timestamp"].parse().unwrap();
        let expected = signature(&[secret], self.id(), timestamp, &self.body).unwrap();
        let mut given = self.headers["webhook-signature"].split(' ');
        given.any(|one| one == expected)
    }
}

struct State {
    reply: Mutex<Reply>,
    next: Mutex<VecDeque<Reply>>,
    received: Mutex<Vec<Received>>,
    gate: watch::Sender<bool>,
    /// Bytes of gigabytes that went out.
    sent: Mutex<usize>,
}

pub struct Receiver {
    pub url: String,
    state: Arc<State>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let state = Arc::new(State {
            reply: Mutex::new(Reply::status(204)),
            next: Mutex::default(),
            received: Mutex::default(),
            gate: watch::Sender::new(false),
            sent: Mutex::default(),
        });
        let of_task = state.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(answer(connection, of_task.clone()));
            }
        });
        Self { url, state }
    }

    /// Sets the answer to all messages from now on.
    pub fn answer(&self, reply: Reply) {
        *self.state.reply.lock().unwrap() = reply;
    }

    /// Adds an answer to a single message.
    pub fn answer_once(&self, reply: Reply) {
        self.state.next.lock().unwrap().push_back(reply);
    }

    pub fn open_gate(&self) {
        self.state.gate.send_replace(true);
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    pub fn kinds(&self) -> Vec<String> {
        let kind = |one: &Received| one.json()["type"].as_str().unwrap().to_owned();
        self.received().iter().map(kind).collect()
    }

    pub fn bytes_sent(&self) -> usize {
        *self.state.sent.lock().unwrap()
    }
}

async fn answer(mut connection: TcpStream, state: Arc<State>) -> Option<()> {
    let received = read(&mut connection).await?;
    state.received.lock().unwrap().push(received);
    let next = state.next.lock().unwrap().pop_front();
    let reply = next.unwrap_or_else(|| state.reply.lock().unwrap().clone());
    match reply {
        Reply::Close => {}
        Reply::Status(status, headers) => {
            let text = format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n{headers}\r\nok");
            let text = match status {
                204 => format!("HTTP/1.1 204 No Content\r\n{headers}\r\n"),
                _ => text,
            };
            connection.write_all(text.as_bytes()).await.ok()?;
        }
        Reply::Gigabyte => {
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n";
            connection.write_all(head).await.ok()?;
            let block = [b'x'; 1 << 16];
            for _ in 0..1 << 14 {
                connection.write_all(&block).await.ok()?;
                *state.sent.lock().unwrap() += block.len();
            }
        }
        Reply::Stall => {
            let text = "HTTP/1.1 200 OK\r\n\r\nok";
            connection.write_all(text.as_bytes()).await.ok()?;
            // It keeps the connection open until the sender closes it.
            let _ = connection.read(&mut [0]).await;
        }
        Reply::Late(status) => {
            let mut gate = state.gate.subscribe();
            gate.wait_for(|open| *open).await.ok()?;
            let text = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n\r\n");
            connection.write_all(text.as_bytes()).await.ok()?;
        }
    }
    Some(())
}

pub async fn read(connection: &mut (impl AsyncRead + Unpin)) -> Option<Received> {
    let mut bytes = Vec::new();
    let (head, body_at) = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break (String::from_utf8(bytes[..end].to_vec()).unwrap(), end + 4);
        }
        more(connection, &mut bytes).await?;
    };
    let headers: BTreeMap<String, String> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers["content-length"].parse().unwrap();
    while bytes.len() < body_at + length {
        more(connection, &mut bytes).await?;
    }
    Some(Received {
        headers,
        body: String::from_utf8(bytes[body_at..].to_vec()).unwrap(),
    })
}

async fn more(connection: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> Option<()> {
    let mut block = [0; 1 << 14];
    let read = connection.read(&mut block).await.ok()?;
    bytes.extend_from_slice(&block[..read]);
    (read > 0).then_some(())
}
