//! Fixture with a JobManager on a fresh database, a clock and a random source that the test
//! controls, and helpers for common steps.

use super::{Backend, Fixture, Patience, TestClock, TestDb, TestRandom, Whole, refusal};
use callsheet::{
    clock::Clock,
    error::Result,
    jobs::{Claim, Claimed, Failure, JobManager, NewItem, NewJob, NewSeries},
    random::Random,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{JobStatus, job};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use std::{future::Future, ops::Deref, sync::Arc};

/// Fixture that offers all methods of its JobManager.
#[derive(Clone)]
pub struct TestApp {
    jobs: JobManager,
    pub clock: Arc<TestClock>,
    pub chance: Arc<TestRandom>,
    pub db: TestDb,
}

impl Deref for TestApp {
    type Target = JobManager;

    fn deref(&self) -> &JobManager {
        &self.jobs
    }
}

impl Fixture for TestApp {
    async fn set_up(backend: Backend) -> Self {
        // The importer reads a SQLite source in a child process of the program, and the test binary
        // is not the program.
        callsheet::process::set_own_file(env!("CARGO_BIN_EXE_callsheet").into());
        let db = TestDb::migrated(backend).await;
        let (clock, chance) = (Arc::<TestClock>::default(), Arc::<TestRandom>::default());
        let jobs = manager(&db, &clock, &chance).await;
        Self {
            jobs,
            clock,
            chance,
            db,
        }
    }

    async fn tear_down(self) {
        self.jobs.database().clone().close().await.unwrap();
        self.db.tear_down().await;
    }
}

async fn manager(db: &TestDb, clock: &Arc<TestClock>, chance: &Arc<TestRandom>) -> JobManager {
    let (clock, chance): (Arc<dyn Clock>, Arc<dyn Random>) = (clock.clone(), chance.clone());
    JobManager::new(db.connect().await, clock, chance)
}

/// Returns a new job with only the required fields.
pub fn any_job() -> NewJob {
    NewJob {
        job_type: "idea2video".into(),
        ..Default::default()
    }
}

impl TestApp {
    /// Opens another JobManager on the same database, with separate connections, as another process
    /// does.
    pub async fn another(&self) -> JobManager {
        manager(&self.db, &self.clock, &self.chance).await
    }

    pub async fn create(&self, new: NewJob) -> job::Model {
        self.create_job(new, None)
            .await
            .map(|created| created.job)
            .unwrap()
    }

    pub async fn queued(&self) -> job::Model {
        self.create(any_job()).await
    }

    pub async fn named(&self, id: &str) -> job::Model {
        self.create(NewJob {
            job_id: Some(id.into()),
            ..any_job()
        })
        .await
    }

    pub async fn with_items(&self, keys: &[&str]) -> job::Model {
        let items = keys
            .iter()
            .map(|key| NewItem {
                key: (*key).into(),
                input: None,
            })
            .collect();
        self.create(NewJob { items, ..any_job() }).await
    }

    pub async fn started(&self) -> job::Model {
        let job = self.queued().await;
        self.start(&job.id).await
    }

    pub async fn start(&self, id: &str) -> job::Model {
        self.start_job(id, None, None).await.unwrap()
    }

    /// Creates a job and brings it to the status by regular calls.
    pub async fn job_in(&self, status: JobStatus) -> job::Model {
        let id = match status {
            JobStatus::Queued | JobStatus::Cancelled => self.queued().await.id,
            _ => self.started().await.id,
        };
        match status {
            JobStatus::Queued | JobStatus::Processing => self.get_job(&id).await,
            JobStatus::Completed => self.mark_completed(&id, None, None).await,
            JobStatus::Failed => self.mark_failed(&id, for_good("broken"), None).await,
            JobStatus::Cancelled => self.cancel_job(&id, None, None).await,
        }
        .unwrap()
    }

    /// Claims the next job for the worker, with a lease of one minute.
    pub async fn claimed(&self, worker_id: &str) -> Claimed {
        self.claim_jobs(claim(worker_id))
            .await
            .unwrap()
            .pop()
            .expect("a job waits")
    }

    /// Gives the job to `worker-1` under a lease whose token, unlike that of a claim, tests know.
    pub async fn lease(&self, id: &str, expires: DateTime<Utc>) {
        let row = job::ActiveModel {
            id: Set(id.into()),
            worker_id: Set(Some("worker-1".into())),
            lease_token: Set(Some("token".into())),
            lease_expires_at: Set(Some(expires)),
            ..Default::default()
        };
        row.update(self.database().read()).await.unwrap();
    }

    /// Creates a processing job that a worker holds for an hour.
    pub async fn leased(&self) -> job::Model {
        let job = self.started().await;
        self.lease(&job.id, self.now() + TimeDelta::hours(1)).await;
        self.get_job(&job.id).await.unwrap()
    }

    pub async fn series(&self, title: &str) -> String {
        self.create_series(
            NewSeries {
                title: title.into(),
            },
            None,
        )
        .await
        .unwrap()
        .id
    }

    pub async fn whole(&self, id: &str) -> Whole {
        Whole::of(self.database().read(), id).await
    }

    /// Waits until at least `n` writes are queued or running.
    pub async fn waits_for_writes(&self, n: usize) {
        let patience = Patience::begin();
        while self.database().writes_under_way() < n {
            patience.pause("the writes are under way").await;
        }
    }

    /// Asserts that the call fails with `code` and leaves the job, its items and its history
    /// unchanged.
    pub async fn refused<T>(
        &self,
        id: &str,
        code: &str,
        call: impl Future<Output = Result<T>>,
    ) -> callsheet::error::Error {
        let before = self.whole(id).await;
        let error = refusal(call.await, code);
        assert_eq!(
            self.whole(id).await,
            before,
            "a call that was refused with {code} changed the job"
        );
        error
    }
}

/// Returns a claim of one job that does not wait for it.
pub fn claim(worker_id: &str) -> Claim {
    Claim {
        worker_id: worker_id.into(),
        job_types: vec!["idea2video".into()],
        max_jobs: 1,
        lease_seconds: 60,
        wait_seconds: 0,
        host: None,
        version: None,
        call_id: None,
        job_tokens: false,
    }
}

/// Returns a failure that must not be retried.
pub fn for_good(error: &str) -> Failure {
    Failure {
        error: error.into(),
        retryable: false,
        retry_after_seconds: None,
    }
}

/// Returns a failure that may be retried.
pub fn for_now(error: &str) -> Failure {
    Failure {
        retryable: true,
        ..for_good(error)
    }
}
