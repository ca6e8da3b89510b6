//! A line to Redis that hangs, delays, cuts or garbles its answers.

use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    sync::watch,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Forwards,
    /// Takes everything, and answers nothing.
    Hangs,
    /// Answers after this time.
    Delays(Duration),
    /// Closes the connection instead of an answer.
    Cuts,
    /// Answers something that is not of the protocol.
    Garbles,
}

pub struct Line {
    /// URL of Redis through the line.
    pub url: String,
    mode: Arc<watch::Sender<Mode>>,
}

impl Line {
    pub async fn to(url: &str) -> Self {
        let (before, rest) = url.split_once('@').unwrap();
        let (server, number) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{before}@{}/{number}", listener.local_addr().unwrap());
        let mode = Arc::new(watch::Sender::new(Mode::Forwards));
        let (server, modes) = (server.to_owned(), mode.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let upstream = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(carry(client, upstream, modes.subscribe()));
            }
        });
        Self { url, mode }
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn carry(client: TcpStream, upstream: TcpStream, mode: watch::Receiver<Mode>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_redis, mut to_redis) = upstream.into_split();
    let asked = tokio::spawn(async move { copy(&mut from_client, &mut to_redis).await });
    let mut answer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = from_redis.read(&mut answer).await {
        let now = *mode.borrow();
        let sent = match now {
            Mode::Forwards => to_client.write_all(&answer[..n]).await,
            Mode::Hangs => Ok(()),
            Mode::Delays(by) => {
                tokio::time::sleep(by).await;
                to_client.write_all(&answer[..n]).await
            }
            Mode::Cuts => break,
            Mode::Garbles => to_client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await,
        };
        if sent.is_err() {
            break;
        }
    }
    asked.abort();
}
