//! Connections to PostgreSQL that an administrator, a restart or a time limit cuts while nobody
//! uses them.

use crate::support::{Backend, Patience, TestApp, TestClock, TestRandom, any_job, at_once, run};
use callsheet::{
    db::{Database, Options},
    jobs::{JobManager, JobPatch},
};
use sea_orm::{ConnectOptions, ConnectionTrait, DbBackend, Statement};
use std::sync::Arc;

const CONNECTIONS: usize = 8;

async fn manager(t: &TestApp) -> JobManager {
    let options = Options {
        max_connections: CONNECTIONS as u32,
        ..Options::new(&t.db.url)
    };
    let db = Database::connect(&options).await.unwrap();
    JobManager::new(
        db,
        Arc::<TestClock>::default(),
        Arc::<TestRandom>::default(),
    )
}

/// As many reads at once as there are connections.
async fn reads(jobs: &JobManager, id: &str) {
    let read = || {
        let (jobs, id) = (jobs.clone(), id.to_owned());
        async move { jobs.get_job(&id).await.map(|job| job.id) }
    };
    for read in at_once((0..4 * CONNECTIONS).map(|_| read())).await {
        assert_eq!(read.unwrap(), id);
    }
}

/// Cuts all connections of the database but this one, and waits until they have gone.
async fn cut(stranger: &impl ConnectionTrait) {
    let pids = async |sql: String| {
        let rows = stranger
            .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
            .await
            .unwrap();
        rows.iter()
            .map(|row| row.try_get_by_index::<i32>(0).unwrap().to_string())
            .collect::<Vec<_>>()
    };
    let others =
        "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let cut = pids(format!("SELECT pid {others}")).await;
    for pid in &cut {
        stranger
            .execute_unprepared(&format!("SELECT pg_terminate_backend({pid})"))
            .await
            .unwrap();
    }
    let left = format!("SELECT pid {others}");
    let patience = Patience::begin();
    while pids(left.clone()).await.iter().any(|pid| cut.contains(pid)) {
        patience.pause("the connections have gone").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_are_answered_although_every_idle_connection_was_cut() {
    run(Backend::Postgres, async |t: TestApp| {
        let jobs = manager(&t).await;
        let id = jobs.create_job(any_job(), None).await.unwrap().job.id;
        // One connection, or it would cut its own others.
        let options = ConnectOptions::new(&t.db.url).max_connections(1).to_owned();
        let stranger = sea_orm::Database::connect(options).await.unwrap();
        for round in 0..5 {
            reads(&jobs, &id).await;
            cut(&stranger).await;
            reads(&jobs, &id).await;
            cut(&stranger).await;
            // One moment for several statements is read in a transaction.
            assert_eq!(jobs.export_page(None, 10).await.unwrap().len(), 1);
            cut(&stranger).await;
            // The begin of a write is as harmless.
            let patch = JobPatch {
                project_title: Some(Some(round.to_string())),
                ..Default::default()
            };
            jobs.update_job(&id, patch, None).await.unwrap();
        }
        stranger.close().await.unwrap();
        jobs.database().clone().close().await.unwrap();
    })
    .await;
}
