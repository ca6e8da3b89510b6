//! Clients at work on one server after the other.

use super::{
    client::Client,
    ledger::{Calls, Ledger},
    shared::SharedJobs,
    wire::{Stage, Wire},
};
use crate::support::Server;
use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

const CLIENTS: usize = 8;

pub struct Crowd {
    stage: watch::Sender<Stage>,
    answers: mpsc::UnboundedReceiver<()>,
    clients: Vec<JoinHandle<Ledger>>,
}

impl Crowd {
    /// Clients that call the server at `url`. What they do follows from the seed and from the order
    /// of the answers.
    pub fn at_work(url: &str, seed: u64) -> Self {
        let (stage, watched) = watch::channel(Stage {
            url: url.to_owned(),
            ..Stage::default()
        });
        let (answered, answers) = mpsc::unbounded_channel();
        let shared = SharedJobs::default();
        let client = |number| {
            let wire = Wire {
                stage: watched.clone(),
                http: reqwest::Client::builder().no_proxy().build().unwrap(),
                answered: answered.clone(),
                calls: Calls::default(),
                faults: Vec::new(),
            };
            Client::new(number, seed, wire, shared.clone())
        };
        let clients = (0..CLIENTS)
            .map(|number| tokio::spawn(client(number).run()))
            .collect();
        Self {
            stage,
            answers,
            clients,
        }
    }

    /// Waits until the server has answered so many changing calls from now on.
    pub async fn answers(&mut self, server: &mut Server, count: usize) {
        while self.answers.try_recv().is_ok() {}
        for _ in 0..count {
            tokio::select! {
                answer = self.answers.recv() => answer.expect("a client is at work"),
                said = last_words(server) => panic!("the server ended by itself:\n{said}"),
            }
        }
    }

    /// Lets the clients work for this time, from so many answers on: a debug build is slow to
    /// begin.
    pub async fn works(&mut self, server: &mut Server, count: usize, time: Duration) {
        self.answers(server, count).await;
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            said = last_words(server) => panic!("the server ended by itself:\n{said}"),
        }
    }

    /// Another server serves now.
    pub fn go_on_at(&self, url: &str, heavy: bool) {
        self.stage.send_replace(Stage {
            url: url.to_owned(),
            heavy,
            over: false,
        });
    }

    /// Lets everyone finish their work, which takes a server that serves.
    pub async fn end(self) -> Ledger {
        self.stage.send_modify(|stage| stage.over = true);
        drop(self.stage);
        let mut ledgers = Vec::new();
        for client in self.clients {
            ledgers.push(client.await.unwrap());
        }
        Ledger::together(ledgers)
    }
}

/// Returns when the server has ended.
async fn last_words(server: &mut Server) -> String {
    let mut said = Vec::new();
    while let Some(line) = server.lines.recv().await {
        said.push(line);
    }
    said.join("\n")
}
