//! A bucket for one test on the tests' private S3 server, and a line to it on which things go
//! wrong.

use callsheet::jobs::{ArchiveStore, BucketKeys, BucketSettings, Patience};
use reqwest::Method;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Key that no message may show.
pub const SECRET: &str = "wJalrXUtnFEMI-a-secret-of-the-tests";

/// Header with which moto takes a request for one with a key; it checks no signature.
const SOMEONE: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, \
    SignedHeaders=host, Signature=none";

/// Fate of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Arrives,
    /// The connection closes before the service gets the request.
    Cut,
    /// The service does it, and the connection closes before the answer.
    CutAfter,
    /// The service does it, and the connection closes amid the answer.
    Half,
    /// An answer with this status and this code.
    Status(u16, &'static str),
    /// The connection stays open without an answer.
    Silence,
}

pub struct TestBucket {
    pub name: String,
    url: String,
}

impl TestBucket {
    pub async fn empty() -> Self {
        let name = format!("films-{}", uuid());
        let bucket = Self {
            url: format!("{}/{name}", server_url()),
            name,
        };
        let made = reqwest::Client::new()
            .put(&bucket.url)
            .send()
            .await
            .unwrap();
        assert!(made.status().is_success(), "{made:?}");
        bucket
    }

    pub fn settings(&self, endpoint: &str) -> BucketSettings {
        BucketSettings {
            name: self.name.clone(),
            prefix: "call sheet/ä".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(endpoint.parse().unwrap()),
            keys: BucketKeys {
                access_key_id: "AKIDOFTESTS".to_owned(),
                secret_access_key: SECRET.to_owned(),
                session_token: None,
            },
            patience: Patience {
                wait: Duration::from_millis(1),
                ..Patience::default()
            },
        }
    }

    pub fn store(&self) -> ArchiveStore {
        ArchiveStore::bucket(self.settings(&server_url())).unwrap()
    }

    /// Returns the store behind a line on which each request has its fate, by its number from 0.
    /// Its calls have this many attempts.
    pub async fn store_behind(
        &self,
        attempts: u32,
        fate: impl Fn(usize) -> Fate + Send + Sync + 'static,
    ) -> ArchiveStore {
        let line = listen(fate).await;
        let mut settings = self.settings(&line);
        settings.patience.attempts = attempts;
        settings.patience.attempt = Duration::from_secs(2);
        ArchiveStore::bucket(settings).unwrap()
    }

    fn url_of(&self, location: &str) -> String {
        format!("{}/call%20sheet/%C3%A4/{location}", self.url)
    }

    async fn ask(&self, method: Method, location: &str, body: Vec<u8>) -> Vec<u8> {
        let call = reqwest::Client::new().request(method, self.url_of(location));
        let call = call.header("authorization", SOMEONE).body(body);
        let answer = call.send().await.unwrap().error_for_status().unwrap();
        answer.bytes().await.unwrap().into()
    }

    pub async fn object(&self, location: &str) -> Vec<u8> {
        self.ask(Method::GET, location, Vec::new()).await
    }

    pub async fn put(&self, location: &str, bytes: Vec<u8>) {
        self.ask(Method::PUT, location, bytes).await;
    }

    pub async fn remove(&self, location: &str) {
        self.ask(Method::DELETE, location, Vec::new()).await;
    }

    /// Number of objects.
    pub async fn objects(&self) -> usize {
        let list = reqwest::get(format!("{}?list-type=2", self.url))
            .await
            .unwrap();
        list.text().await.unwrap().matches("<Key>").count()
    }
}

fn uuid() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    format!("{}-{number}-{}", std::process::id(), fastrand::u32(..))
}

async fn listen(fate: impl Fn(usize) -> Fate + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (fate, number) = (Arc::new(fate), Arc::new(Mutex::new(0)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (fate, number) = (fate.clone(), number.clone());
            tokio::spawn(async move {
                let number = {
                    let mut next = number.lock().unwrap();
                    *next += 1;
                    *next - 1
                };
                // A client that gives up closes the connection.
                let _ = meet(stream, fate(number)).await;
            });
        }
    });
    url
}

/// Serves the one request of a connection.
async fn meet(mut client: TcpStream, fate: Fate) -> std::io::Result<()> {
    let request = read_request(&mut client).await?;
    match fate {
        Fate::Cut => Ok(()),
        Fate::Silence => {
            let _ = client.read(&mut [0; 1]).await?;
            Ok(())
        }
        Fate::Status(status, code) => {
            let body = format!("<Error><Code>{code}</Code></Error>");
            let answer = format!(
                "HTTP/1.1 {status} No\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            client.write_all(answer.as_bytes()).await
        }
        Fate::Arrives | Fate::CutAfter | Fate::Half => {
            let server = server_url();
            let mut service = TcpStream::connect(server.trim_start_matches("http://")).await?;
            service.write_all(&request).await?;
            let mut answer = Vec::new();
            service.read_to_end(&mut answer).await?;
            let sent = match fate {
                Fate::Arrives => answer.len(),
                Fate::Half => answer.len() / 2,
                _ => 0,
            };
            client.write_all(&answer[..sent]).await
        }
    }
}

/// Reads a request with its body, and asks for the end of the connection behind it.
async fn read_request(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let (mut read, mut part) = (Vec::new(), [0; 16 << 10]);
    loop {
        if let Some(at) = read.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..at]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if read.len() >= at + 4 + length {
                read.splice(at..at, b"\r\nconnection: close".iter().copied());
                return Ok(read);
            }
        }
        match client.read(&mut part).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => read.extend_from_slice(&part[..n]),
        }
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "scripts/test says where its private server is"
)]
pub fn server_url() -> String {
    std::env::var("CALLSHEET_TEST_S3_URL").expect(
        "CALLSHEET_TEST_S3_URL is not set: run `scripts/test`, which starts a private S3 server \
            for the tests",
    )
}
