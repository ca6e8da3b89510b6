//! The cache that the servers of a PostgreSQL database share in Redis: what it gives, what it never
//! gives, and what happens while Redis is away.

mod faults;
mod lines;
mod notices;
mod one_redis;
mod processes;
mod scenarios;
mod stale;
mod two_servers;

use crate::support::{Backend, Fixture, TestApp, TestRedis};
use callsheet::{
    db::{CachedJob, Database, Options, RedisOptions},
    jobs::{JobManager, Progress, ReadSource},
    notify_by::NotifyBy,
};
use std::{sync::Arc, time::Duration};

/// Limit of a call that is never reached unless Redis is silent: a loaded machine takes its time.
const PATIENT: Duration = Duration::from_secs(5);

/// A server on PostgreSQL, and an empty database of Redis.
struct Desk {
    app: TestApp,
    redis: TestRedis,
}

impl Desk {
    async fn new() -> Self {
        Self {
            app: TestApp::set_up(Backend::Postgres).await,
            redis: TestRedis::empty().await,
        }
    }

    /// Another server, without a cache of its own.
    async fn server(&self) -> JobManager {
        server(&self.app, &self.redis.url, PATIENT, 0).await
    }

    async fn close(self, servers: impl IntoIterator<Item = JobManager>) {
        for server in servers {
            server.database().clone().close().await.unwrap();
        }
        self.app.tear_down().await;
    }
}

async fn server(app: &TestApp, url: &str, budget: Duration, cache_jobs: u64) -> JobManager {
    let redis = RedisOptions {
        budget,
        ..RedisOptions::new(url)
    };
    let options = Options {
        cache_jobs,
        redis: Some(redis),
        notify_by: NotifyBy::None,
        ..Options::new(&app.db.url)
    };
    let db = Database::connect(&options).await.unwrap();
    db.redis().unwrap().is_probed().await;
    JobManager::new(db, app.clock.clone(), app.chance.clone())
}

async fn view(jobs: &JobManager, id: &str) -> (Arc<CachedJob>, ReadSource) {
    jobs.view_job(id, 0).await.unwrap()
}

/// Reads the job until Redis has it: a store is not waited for.
async fn of_redis(jobs: &JobManager, id: &str) -> Arc<CachedJob> {
    let patience = crate::support::Patience::begin();
    loop {
        if let (job, ReadSource::Redis) = view(jobs, id).await {
            return job;
        }
        patience.pause("Redis has the job").await;
    }
}

fn percent(percent: f64) -> Progress {
    Progress {
        progress: Some(percent),
        current_stage: None,
    }
}
