//! PostgreSQL behind a network that breaks connections in the middle of what is said, and silences
//! them.

use super::{
    calls::Caller,
    property::{counts_are_exact, setting, verify},
};
use crate::support::{Backend, FaultyProxy, TestApp, TestClock, TestRandom, at_once, run};
use callsheet::{
    db::{Database, Options},
    jobs::JobManager,
};
use std::{sync::Arc, time::Duration};

const CALLERS: usize = 8;
const CALLS: usize = 15;

/// Connections that break in the short form.
const TROUBLES: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_answered_write_is_there_after_any_broken_connection_on_postgres() {
    run(Backend::Postgres, |t: TestApp| async move {
        let (troubles, seed) = (
            setting("CALLSHEET_TEST_TROUBLES", TROUBLES),
            setting("CALLSHEET_TEST_SEED", 13),
        );
        let line = FaultyProxy::by_seed(&t.db.url, seed as u64).await;
        let patience = Duration::from_millis(300);
        let options = Options {
            acquire_timeout: patience,
            answer_timeout: patience,
            ..Options::new(&line.url)
        };
        let db = Database::connect(&options).await.unwrap();
        let jobs = JobManager::new(
            db.clone(),
            Arc::<TestClock>::default(),
            Arc::<TestRandom>::default(),
        );
        let stranger = t.db.raw().await;
        let (mut round, mut answered) = (0, 0);
        while line.troubles() < troubles {
            round += 1;
            line.trouble(true);
            let callers = (0..CALLERS).map(|n| {
                let rng = fastrand::Rng::with_seed((seed * 1000 + round * CALLERS + n) as u64);
                // Whether a write that failed was committed is known to nobody: the answer may be
                // what was cut off.
                Caller::new(jobs.clone(), rng, format!("n{round}.{n}"), None).run(CALLS)
            });
            let callers = at_once(callers.collect::<Vec<_>>()).await;
            line.trouble(false);
            line.lose_what_is_open();
            let calm = at_once(
                callers
                    .into_iter()
                    .map(|caller| caller.run(3))
                    .collect::<Vec<_>>(),
            )
            .await;
            for caller in &calm {
                answered += caller.answered;
                verify(&stranger, &caller.accounts).await;
            }
        }
        counts_are_exact(&jobs, &stranger).await;
        println!(
            "Postgres, seed {seed}: {} broken connections, {answered} answered calls, none lost",
            line.troubles()
        );
        assert!(answered > troubles, "most calls are answered");
        stranger.close().await.unwrap();
        let _ = db.close().await;
    })
    .await;
}
