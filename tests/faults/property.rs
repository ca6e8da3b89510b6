//! After any failed step each later answered write is in the database, and nothing that was refused
//! is.

use super::{account::Account, calls::Caller, injector::Injector};
use crate::support::{TestApp, TestClock, TestRandom, at_once};
use callsheet::{
    db::{Database, Options},
    jobs::{Filter, JobManager},
};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use std::sync::Arc;

/// Callers at once, and the calls of each in a round.
const CALLERS: usize = 6;
const CALLS: usize = 20;

/// Faults of the short form.
const FAULTS: usize = 600;

#[on_both]
async fn each_answered_write_is_there_after_any_failed_step_and_nothing_refused_is(t: TestApp) {
    let (faults, seed) = (
        setting("CALLSHEET_TEST_FAULTS", FAULTS),
        setting("CALLSHEET_TEST_SEED", 13),
    );
    let injector = Injector::new(t.db.backend, seed as u64);
    let options = Options {
        faults: Some(injector.faults()),
        ..Options::new(&t.db.url)
    };
    let db = Database::connect(&options).await.unwrap();
    let jobs = JobManager::new(
        db.clone(),
        Arc::<TestClock>::default(),
        Arc::<TestRandom>::default(),
    );
    let stranger = t.db.raw().await;
    let (mut round, mut answered) = (0, 0);
    while injector.injected() < faults {
        round += 1;
        injector.set_active(true);
        let callers = (0..CALLERS)
            .map(|n| caller(&jobs, &injector, format!("r{round}.{n}"), seed).run(CALLS));
        let callers = at_once(callers.collect::<Vec<_>>()).await;
        injector.set_active(false);
        // Nothing goes wrong any more: whatever was left behind shows in what is answered now.
        let calm = at_once(
            callers
                .into_iter()
                .map(|caller| caller.run(4))
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
        "{:?}, seed {seed}: {} faults, {answered} answered calls, none lost",
        t.db.backend,
        injector.injected()
    );
    assert!(answered > faults, "most calls are answered");
    stranger.close().await.unwrap();
    db.close().await.unwrap();
}

fn caller(jobs: &JobManager, injector: &Injector, name: String, seed: usize) -> Caller {
    let rng = fastrand::Rng::with_seed(
        seed as u64 ^ name.bytes().fold(7, |sum, b| sum * 31 + u64::from(b)),
    );
    Caller::new(jobs.clone(), rng, name, Some(injector.clone()))
}

pub async fn verify(stranger: &DatabaseConnection, accounts: &[Account]) {
    for account in accounts {
        account.verify(stranger).await;
    }
}

/// The kept counts are those of the rows.
pub async fn counts_are_exact(jobs: &JobManager, stranger: &DatabaseConnection) {
    let counts = jobs.count_jobs(&Filter::default()).await.unwrap();
    let sql = "SELECT count(*) FROM video_generation_jobs";
    let row = stranger
        .query_one_raw(Statement::from_string(stranger.get_database_backend(), sql))
        .await
        .unwrap();
    let rows: i64 = row.unwrap().try_get_by_index(0).unwrap();
    let counted =
        counts.queued + counts.processing + counts.completed + counts.failed + counts.cancelled;
    assert_eq!(
        counted, rows as u64,
        "jobs that are counted, and that are there"
    );
}

/// A number that a long run sets.
#[allow(
    clippy::disallowed_methods,
    reason = "scripts/soak says how long it is to take"
)]
pub fn setting(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}
