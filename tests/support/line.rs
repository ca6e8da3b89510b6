//! A line to PostgreSQL that can fall silent: connections stay open, and nothing is answered on them.

use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

#[derive(Clone, Copy, Default)]
struct State {
    silent: bool,
    /// Connections opened so far, and how many of them stay silent for ever.
    opened: usize,
    lost: usize,
    /// How often something was said that did not arrive.
    swallowed: usize,
}

pub struct Line {
    /// Of the database, by the line.
    pub url: String,
    state: Arc<watch::Sender<State>>,
}

impl Line {
    pub async fn to(url: &str) -> Self {
        let (before, rest) = url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{before}@{}/{database}", listener.local_addr().unwrap());
        let state = Arc::new(watch::Sender::new(State::default()));
        tokio::spawn(serve(listener, server.to_owned(), state.clone()));
        Self { url, state }
    }

    pub fn fall_silent(&self) {
        self.state.send_modify(|state| state.silent = true);
    }

    /// What was said meanwhile arrives now.
    pub fn speak_again(&self) {
        self.state.send_modify(|state| state.silent = false);
    }

    /// New connections are served; those of before stay as they are, and nobody tells.
    pub fn lose_what_is_open(&self) {
        self.state.send_modify(|state| *state = State { silent: false, lost: state.opened, ..*state });
    }

    /// Returns when something was said so many times to a silent line.
    pub async fn swallows(&self, n: usize) {
        self.state.subscribe().wait_for(|state| state.swallowed >= n).await.unwrap();
    }
}

async fn serve(listener: TcpListener, server: String, state: Arc<watch::Sender<State>>) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, state) = (server.clone(), state.clone());
        let mut number = 0;
        state.send_modify(|state| {
            number = state.opened;
            state.opened += 1;
        });
        tokio::spawn(async move {
            let server = TcpStream::connect(server).await.unwrap();
            let ((asked, answers), (answered, questions)) = (client.into_split(), server.into_split());
            tokio::join!(carry(number, asked, questions, &state), carry(number, answered, answers, &state));
        });
    }
}

async fn carry(number: usize, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &watch::Sender<State>) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(some @ 1..) = from.read(&mut bytes).await {
        if state.borrow().silent {
            state.send_modify(|state| state.swallowed += 1);
        }
        let heard = |state: &State| !state.silent && number >= state.lost;
        state.subscribe().wait_for(heard).await.unwrap();
        if to.write_all(&bytes[..some]).await.is_err() {
            return;
        }
    }
}
