//! A line to PostgreSQL that can fall silent, where connections stay open and nothing is answered on them, and that can
//! break them at random.

use std::sync::{Arc, Mutex};
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
    /// What is said breaks or silences its connection now and then.
    trouble: bool,
    /// How often that happened.
    troubles: usize,
}

pub struct Line {
    /// Of the database, by the line.
    pub url: String,
    state: Arc<watch::Sender<State>>,
}

/// What becomes of a piece that is carried.
enum Lot {
    Arrives,
    /// So many of its bytes arrive, and the connection breaks.
    Breaks(usize),
    /// Nothing arrives any more, and nobody tells.
    Silences,
}

impl Line {
    pub async fn to(url: &str) -> Self {
        Self::by_seed(url, 0).await
    }

    /// The seed decides what breaks while there is trouble.
    pub async fn by_seed(url: &str, seed: u64) -> Self {
        let (before, rest) = url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{before}@{}/{database}", listener.local_addr().unwrap());
        let state = Arc::new(watch::Sender::new(State::default()));
        let rng = Arc::new(Mutex::new(fastrand::Rng::with_seed(seed)));
        tokio::spawn(serve(listener, server.to_owned(), state.clone(), rng));
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

    /// One piece in a hundred breaks its connection from now on, and one in a thousand silences it.
    pub fn trouble(&self, trouble: bool) {
        self.state.send_modify(|state| state.trouble = trouble);
    }

    /// How many pieces broke or silenced their connection.
    pub fn troubles(&self) -> usize {
        self.state.borrow().troubles
    }

    /// Returns when something was said so many times to a silent line.
    pub async fn swallows(&self, n: usize) {
        self.state.subscribe().wait_for(|state| state.swallowed >= n).await.unwrap();
    }
}

type Dice = Arc<Mutex<fastrand::Rng>>;

async fn serve(listener: TcpListener, server: String, state: Arc<watch::Sender<State>>, dice: Dice) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, state, dice) = (server.clone(), state.clone(), dice.clone());
        let mut number = 0;
        state.send_modify(|state| {
            number = state.opened;
            state.opened += 1;
        });
        tokio::spawn(async move {
            let server = TcpStream::connect(server).await.unwrap();
            let ((asked, answers), (answered, questions)) = (client.into_split(), server.into_split());
            // Where one direction ends, the connection does.
            tokio::select! {
                () = carry(number, asked, questions, &state, &dice) => {}
                () = carry(number, answered, answers, &state, &dice) => {}
            }
        });
    }
}

async fn carry(
    number: usize,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: &watch::Sender<State>,
    dice: &Dice,
) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(some @ 1..) = from.read(&mut bytes).await {
        if state.borrow().silent {
            state.send_modify(|state| state.swallowed += 1);
        }
        let heard = |state: &State| !state.silent && number >= state.lost;
        state.subscribe().wait_for(heard).await.unwrap();
        match draw(state, dice, some) {
            Lot::Arrives if to.write_all(&bytes[..some]).await.is_ok() => {}
            Lot::Arrives => return,
            Lot::Breaks(at) => {
                let _ = to.write_all(&bytes[..at]).await;
                return;
            }
            Lot::Silences => std::future::pending().await,
        }
    }
}

fn draw(state: &watch::Sender<State>, dice: &Dice, bytes: usize) -> Lot {
    if !state.borrow().trouble {
        return Lot::Arrives;
    }
    let mut dice = dice.lock().unwrap();
    let lot = match dice.u32(..1000) {
        0 => Lot::Silences,
        1..=10 => Lot::Breaks(dice.usize(..=bytes)),
        _ => return Lot::Arrives,
    };
    state.send_modify(|state| state.troubles += 1);
    lot
}
