//! `kill -9`, a hundred times.

use super::{crowd::Crowd, verdict::Verdict};
use crate::support::{Server, TestDb};

const KILLS: usize = 100;
const SEED: u64 = 20_260_131;

/// Answers between a restart and the next kill, at most.
const MOST: usize = 24;

on_both!(after_a_hundred_kills_every_answered_write_is_there);
async fn after_a_hundred_kills_every_answered_write_is_there(db: TestDb) {
    let mut rng = fastrand::Rng::with_seed(SEED);
    let mut server = Server::start(&db.url).await;
    let mut crowd = Crowd::at_work(&server.url, SEED);
    for _ in 0..KILLS {
        crowd.answers(&mut server, rng.usize(1..=MOST)).await;
        server.kill().await;
        server = Server::start(&db.url).await;
        crowd.go_on_at(&server.url);
    }
    crowd.answers(&mut server, MOST).await;
    let ledger = crowd.end().await;
    assert!(server.stop("TERM").await.success());

    let verdict = Verdict::of(&db, &ledger).await;
    println!("{:?}: {KILLS} kills, {}", db.backend, verdict.summary(&ledger));
    assert_eq!(verdict.wrong, Vec::<String>::new());
    assert!(ledger.unanswered >= KILLS, "most kills came between the requests: {} unanswered", ledger.unanswered);
}
