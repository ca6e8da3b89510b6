//! Connection to Redis behind a circuit breaker: no call waits longer than its limit, and while
//! Redis is away, no call is made but a probe each second.

use super::breaker::{Breaker, Change};
use crate::shown_url::shown_url;
use redis::{
    AsyncConnectionConfig, Client, FromRedisValue, IntoConnectionInfo, RedisError, RedisResult,
    aio::MultiplexedConnection,
};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

/// Time limit to connect, and for calls that no reader waits for.
pub const PATIENT: Duration = Duration::from_secs(1);

/// Key that a probe writes, behind the prefix of all keys.
const PROBE: &str = "probe";

pub struct Link {
    client: Client,
    shown: String,
    /// Time limit of a call that a reader waits for.
    budget: Duration,
    state: Mutex<State>,
    /// Wakes the task that probes.
    went_away: Notify,
    /// Number of times that Redis came back.
    returns: watch::Sender<u64>,
    /// Whether the first probe had an outcome.
    probed: watch::Sender<bool>,
}

struct State {
    breaker: Breaker,
    /// Connection while Redis is up. It is dropped when Redis goes away, and answers that come
    /// late with it.
    conn: Option<MultiplexedConnection>,
}

/// State of Redis as this server sees it.
#[derive(Clone, Debug)]
pub struct LinkState {
    /// Display form of its URL.
    pub url: String,
    pub is_up: bool,
    /// Time of the last change between up and away.
    pub since: Instant,
    /// Last error; `None` while it is up.
    pub error: Option<String>,
}

impl Link {
    /// Prepares a link. Does not connect: [`Link::keep`] does.
    ///
    /// Errors: a sentence about the URL.
    pub fn new(url: &str, budget: Duration) -> Result<Self, String> {
        Ok(Self {
            client: client(url)?,
            shown: shown_url(url),
            budget,
            state: Mutex::new(State {
                breaker: Breaker::new(Instant::now()),
                conn: None,
            }),
            went_away: Notify::new(),
            returns: watch::Sender::new(0),
            probed: watch::Sender::new(false),
        })
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Time limit of a call that a reader waits for.
    pub fn budget(&self) -> Duration {
        self.budget
    }

    pub fn is_up(&self) -> bool {
        self.lock().breaker.is_up()
    }

    pub fn state(&self) -> LinkState {
        let state = self.lock();
        LinkState {
            url: self.shown.clone(),
            is_up: state.breaker.is_up(),
            since: state.breaker.since(),
            error: state.breaker.error().map(str::to_owned),
        }
    }

    /// Subscribes to the number of times that Redis came back.
    pub fn returns(&self) -> watch::Receiver<u64> {
        self.returns.subscribe()
    }

    /// Waits until the first probe has an outcome, at most twice as long as it takes to connect.
    pub async fn is_probed(&self) {
        let mut probed = self.probed.subscribe();
        let probed = probed.wait_for(|is_probed| *is_probed);
        let _ = timeout(PATIENT * 2, probed).await;
    }

    /// Makes a call within `limit`. Returns `None` if Redis is away, and if the call fails or is
    /// late; a call whose caller leaves counts neither as a failure nor as a success.
    pub async fn call<T, F>(
        &self,
        limit: Duration,
        ask: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Option<T>
    where
        T: FromRedisValue,
        F: Future<Output = RedisResult<T>>,
    {
        let conn = self.lock().conn.clone()?;
        let answer = match timeout(limit, ask(conn)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(sentence(&error)),
            Err(_) => Err(late(limit)),
        };
        let outcome = answer.as_ref().map(|_| ()).map_err(String::as_str);
        let mut state = self.lock();
        let change = state.breaker.called(Instant::now(), outcome);
        if change == Some(Change::Away) {
            state.conn = None;
        }
        drop(state);
        self.report(change);
        answer.ok()
    }

    /// Probes Redis whenever it is away, for as long as it is polled. Writes keys that begin with
    /// `prefix`: a Redis that can be read alone is of no use.
    pub async fn keep(&self, prefix: &str) {
        loop {
            let delay = self.lock().breaker.probe_in(Instant::now());
            match delay {
                None => self.went_away.notified().await,
                Some(delay) => {
                    tokio::time::sleep(delay).await;
                    if self.lock().breaker.begin_probe(Instant::now()) {
                        self.probe(prefix).await;
                    }
                }
            }
        }
    }

    async fn probe(&self, prefix: &str) {
        let found = match timeout(PATIENT, connect(&self.client)).await {
            Ok(Ok(conn)) => try_out(conn, prefix, self.budget).await,
            Ok(Err(error)) => Err(sentence(&error)),
            Err(_) => Err("it does not answer a new connection".to_owned()),
        };
        let mut state = self.lock();
        let outcome = found.as_ref().map(|_| ()).map_err(String::as_str);
        let change = state.breaker.probed(Instant::now(), outcome);
        state.conn = found.ok();
        drop(state);
        self.report(change);
        self.probed.send_replace(true);
    }

    fn report(&self, change: Option<Change>) {
        let Some(change) = change else { return };
        let LinkState { url, error, .. } = self.state();
        match change {
            Change::Up => {
                self.returns.send_modify(|times| *times += 1);
                tracing::info!(redis = url, "Redis answers: reads use it from now on");
            }
            Change::Away => {
                let error = error.unwrap_or_default();
                self.went_away.notify_one();
                tracing::warn!(
                    redis = url,
                    error,
                    "Redis is away: jobs are read from the database; probing it each second"
                );
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a client for the URL.
///
/// Errors: a sentence that does not quote the URL.
pub fn client(url: &str) -> Result<Client, String> {
    if url.starts_with("rediss:") {
        return Err(
            "Redis over TLS is not supported: use a redis:// URL, for example through a tunnel"
                .to_owned(),
        );
    }
    // An error of the parser may quote the password.
    url.into_connection_info()
        .and_then(Client::open)
        .map_err(|_| "use redis://USER:PASSWORD@HOST:PORT/NUMBER".to_owned())
}

/// Opens a connection without a time limit of its own for answers.
async fn connect(client: &Client) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENT))
        .set_response_timeout(None);
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

/// Connects to Redis and writes a key within the limits of a probe.
///
/// Errors: a sentence.
pub async fn try_once(url: &str) -> Result<(), String> {
    let client = client(url)?;
    match timeout(PATIENT, connect(&client)).await {
        Ok(Ok(conn)) => try_out(conn, "callsheet:", PATIENT).await.map(|_| ()),
        Ok(Err(error)) => Err(sentence(&error)),
        Err(_) => Err(late(PATIENT)),
    }
}

/// Writes a key, and returns the connection if Redis answers in time.
async fn try_out(
    mut conn: MultiplexedConnection,
    prefix: &str,
    limit: Duration,
) -> Result<MultiplexedConnection, String> {
    let mut write = redis::cmd("SET");
    write.arg(format!("{prefix}{PROBE}")).arg(1).arg("PX");
    write.arg(1000);
    match timeout(limit, write.query_async::<()>(&mut conn)).await {
        Ok(Ok(())) => Ok(conn),
        Ok(Err(error)) => Err(sentence(&error)),
        Err(_) => Err(late(limit)),
    }
}

fn late(limit: Duration) -> String {
    format!("it did not answer within {} ms", limit.as_millis())
}

/// Describes an error on one line.
pub fn sentence(error: &RedisError) -> String {
    error.to_string().replace(['\r', '\n'], " ")
}
