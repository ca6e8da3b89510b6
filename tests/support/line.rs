//! A proxy before PostgreSQL that can fall silent, with open connections on which nothing is
//! answered, and that can break connections at random.

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
    /// Connections opened so far; the first `lost` of them stay silent forever.
    opened: usize,
    lost: usize,
    /// Number of chunks that arrived while the proxy was silent.
    swallowed: usize,
    /// True if chunks break or silence their connection at random.
    trouble: bool,
    /// Number of chunks that did so.
    troubles: usize,
}

pub struct FaultyProxy {
    /// URL of the database, through the proxy.
    pub url: String,
    state: Arc<watch::Sender<State>>,
}

/// Fate of a chunk of data.
enum Fault {
    Arrives,
    /// Forwards this number of bytes, then breaks the connection.
    Breaks(usize),
    /// Forwards nothing more, without closing the connection.
    Silences,
}

impl FaultyProxy {
    pub async fn to(url: &str) -> Self {
        Self::by_seed(url, 0).await
    }

    /// Starts a proxy whose random faults follow from the seed.
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

    /// Ends the silence; the chunks that arrived meanwhile are forwarded now.
    pub fn speak_again(&self) {
        self.state.send_modify(|state| state.silent = false);
    }

    /// Serves new connections, and leaves the earlier ones silent forever, without closing them.
    pub fn lose_what_is_open(&self) {
        self.state.send_modify(|state| {
            *state = State {
                silent: false,
                lost: state.opened,
                ..*state
            }
        });
    }

    /// Turns random faults on or off: one chunk in a hundred breaks its connection, and one in a
    /// thousand silences it.
    pub fn trouble(&self, trouble: bool) {
        self.state.send_modify(|state| state.trouble = trouble);
    }

    /// Returns the number of chunks that broke or silenced their connection.
    pub fn troubles(&self) -> usize {
        self.state.borrow().troubles
    }

    /// Waits until at least `n` chunks arrived while the proxy was silent.
    pub async fn swallows(&self, n: usize) {
        self.state
            .subscribe()
            .wait_for(|state| state.swallowed >= n)
            .await
            .unwrap();
    }
}

type Dice = Arc<Mutex<fastrand::Rng>>;

async fn serve(
    listener: TcpListener,
    server: String,
    state: Arc<watch::Sender<State>>,
    dice: Dice,
) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, state, dice) = (server.clone(), state.clone(), dice.clone());
        let mut number = 0;
        state.send_modify(|state| {
            number = state.opened;
            state.opened += 1;
        });
        tokio::spawn(async move {
            let server = TcpStream::connect(server).await.unwrap();
            let ((asked, answers), (answered, questions)) =
                (client.into_split(), server.into_split());
            // The connection ends when one of its directions does.
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
            Fault::Arrives if to.write_all(&bytes[..some]).await.is_ok() => {}
            Fault::Arrives => return,
            Fault::Breaks(at) => {
                let _ = to.write_all(&bytes[..at]).await;
                return;
            }
            Fault::Silences => std::future::pending().await,
        }
    }
}

fn draw(state: &watch::Sender<State>, dice: &Dice, bytes: usize) -> Fault {
    if !state.borrow().trouble {
        return Fault::Arrives;
    }
    let mut dice = dice.lock().unwrap();
    let lot = match dice.u32(..1000) {
        0 => Fault::Silences,
        1..=10 => Fault::Breaks(dice.usize(..=bytes)),
        _ => return Fault::Arrives,
    };
    state.send_modify(|state| state.troubles += 1);
    lot
}
