use super::*;
use crate::{Client, lease::Notices};
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

struct Silent;

impl Notices for Silent {
    fn away(&self, _: &str) {}
    fn back(&self) {}
    fn note(&self, _: &str) {}
}

fn claim(answered: Duration) -> Claim {
    Claim {
        id: "film".into(),
        job: Map::new(),
        token: "t".into(),
        program_token: None,
        items: Vec::new(),
        answered,
        max_body_bytes: 1 << 20,
    }
}

const LENGTH: Duration = Duration::from_secs(60);

fn connection() -> Arc<Connection> {
    let client = Client::new("http://127.0.0.1:1".parse().unwrap(), None).unwrap();
    let silent = Arc::new(Silent);
    Arc::new(Connection::new(client, None, "1", LENGTH, silent))
}

fn attempt(connection: &Connection, lease: &Arc<Lease>) -> Attempt {
    Attempt::new(Inner {
        job: serde_json::from_value(crate::types::example()).unwrap(),
        items: Vec::new(),
        token: None,
        reports: Arc::default(),
        lease: lease.clone(),
        stop: connection.stop.clone(),
    })
}

#[tokio::test]
async fn who_holds_an_attempt_that_has_ended_waits_for_no_report() {
    let connection = connection();
    let lease = Arc::new(Lease::new(&connection, &claim(uptime())));
    let attempt = attempt(&connection, &lease);
    let done = attempt.done("one", ());
    lease.lose("the attempt has ended".to_owned());
    assert!(done.await.unwrap_err().to_string().contains("has ended"));
    assert!(attempt.progress(1.0, None).await.is_err());
}

#[tokio::test]
async fn a_function_that_ends_at_once_when_it_is_interrupted_has_not_failed() {
    let connection = connection();
    let stop = connection.stop.clone();
    let runner = Runner {
        connection: connection.clone(),
        function: move |attempt: Attempt| {
            stop.signal();
            async move { Err::<Value, _>(attempt.check().unwrap_err().into()) }
        },
        grace: LENGTH,
        say: Arc::new(|_| {}),
        unreadable: OnceLock::new(),
    };
    let lease = Arc::new(Lease::new(&connection, &claim(uptime())));
    let attempt = attempt(&connection, &lease);
    let (end, why) = runner.supervise(attempt, &lease, &Notify::new()).await;
    assert!(matches!(outcome(end, why), Outcome::Released));
}

#[tokio::test]
async fn a_function_is_not_polled_while_the_lease_may_have_ended() {
    let connection = connection();
    let ran = Arc::new(AtomicBool::new(false));
    let runs = ran.clone();
    let runner = Runner {
        connection: connection.clone(),
        function: move |_: Attempt| {
            let runs = runs.clone();
            async move {
                runs.store(true, Relaxed);
                Ok(json!({}))
            }
        },
        grace: Duration::ZERO,
        say: Arc::new(|_| {}),
        unreadable: OnceLock::new(),
    };
    let old = claim(uptime().saturating_sub(LENGTH));
    let lease = Arc::new(Lease::new(&connection, &old));
    let hurry = Notify::new();
    let attempt = attempt(&connection, &lease);
    let mut supervised = Box::pin(runner.supervise(attempt, &lease, &hurry));
    assert!(futures_util::poll!(&mut supervised).is_pending());
    hurry.notified().await;
    assert!(!ran.load(Relaxed));
    lease.change(|lease| lease.until = uptime() + LENGTH);
    let (returned, why) = supervised.await;
    assert!(ran.load(Relaxed) && returned.unwrap().is_ok() && why.is_none());
}
