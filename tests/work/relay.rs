//! What stands between a worker and its server, so that the server can be away, and come back as
//! another process.

use std::sync::{Arc, Mutex};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub struct Relay {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    target: Arc<Mutex<Option<String>>>,
    cut: watch::Sender<()>,
}

impl Relay {
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            target: Arc::default(),
            cut: watch::Sender::new(()),
        };
        relay.lead_to(url);
        let (target, cut) = (relay.target.clone(), relay.cut.clone());
        tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let target = target.lock().unwrap().clone();
                let mut cut = cut.subscribe();
                tokio::spawn(async move {
                    let Some(target) = target else { return };
                    let Ok(mut to) = TcpStream::connect(&target).await else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut from, &mut to) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        relay
    }

    /// The server is there.
    pub fn lead_to(&self, url: &str) {
        *self.target.lock().unwrap() = Some(url.strip_prefix("http://").unwrap().to_owned());
    }

    /// The server is away: what is connected breaks off.
    pub fn cut(&self) {
        *self.target.lock().unwrap() = None;
        self.cut.send_replace(());
    }
}
