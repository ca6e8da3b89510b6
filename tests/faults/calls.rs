//! Calls on jobs of one's own, one after the other.

use super::{
    account::{Account, Ending},
    injector::Injector,
};
use crate::support::{any_job, claim, for_now};
use callsheet::{
    error::Result,
    jobs::{JobManager, JobPatch, NewItem, NewJob, Progress},
};
use std::time::Duration;

/// Makes calls on jobs that are nobody else's.
pub struct Caller {
    pub jobs: JobManager,
    pub rng: fastrand::Rng,
    pub name: String,
    pub made: usize,
    pub accounts: Vec<Account>,
    pub answered: usize,
    /// Nothing but faults drawn by it goes wrong; without one every failure leaves its outcome
    /// unknown.
    pub injector: Option<Injector>,
    /// Doubts before the call that is made now.
    pub doubts: usize,
}

impl Caller {
    pub fn new(
        jobs: JobManager,
        rng: fastrand::Rng,
        name: String,
        injector: Option<Injector>,
    ) -> Self {
        Self {
            jobs,
            rng,
            name,
            made: 0,
            accounts: Vec::new(),
            answered: 0,
            injector,
            doubts: 0,
        }
    }

    /// Makes so many calls, and goes away from some of them before their answers.
    pub async fn run(mut self, calls: usize) -> Self {
        for _ in 0..calls {
            self.doubts = self.injector.as_ref().map_or(0, Injector::doubts);
            match self.rng.u32(..10) {
                0..=3 => self.create().await,
                4 => self.create_many().await,
                5 => self.nobody().await,
                6 => self.claim().await,
                _ => self.change().await,
            }
        }
        self
    }

    fn new_job(&mut self) -> NewJob {
        self.made += 1;
        let keys = self.rng.usize(..3);
        NewJob {
            job_id: Some(format!("{}-{}", self.name, self.made)),
            job_type: self.name.clone(),
            content: Some("x".repeat(self.rng.usize(..4000))),
            items: (0..keys)
                .map(|key| NewItem {
                    key: format!("k{key}"),
                    input: None,
                })
                .collect(),
            ..any_job()
        }
    }

    async fn create(&mut self) {
        let new = self.new_job();
        let mut account = Account::new(new.job_id.clone().unwrap());
        let leaves = self.rng.u32(..12) == 0;
        let created = async {
            self.jobs
                .create_job(new, None)
                .await
                .map(|created| created.job.version)
        };
        let outcome = leaving(leaves, created).await;
        account.changed(self.ending(&outcome), outcome.and_then(Result::ok));
        self.accounts.push(account);
    }

    async fn create_many(&mut self) {
        let new: Vec<_> = (0..3).map(|_| self.new_job()).collect();
        let ids: Vec<_> = new.iter().map(|new| new.job_id.clone().unwrap()).collect();
        let outcome = Some(self.jobs.create_jobs(new, None).await);
        let ending = self.ending(&outcome);
        for id in ids {
            let mut account = Account::new(id);
            account.changed(ending, (ending == Ending::Answered).then_some(1));
            self.accounts.push(account);
        }
    }

    /// What is refused by a rule takes the writes beside it along to the rollback.
    async fn nobody(&mut self) {
        let patch = JobPatch {
            priority: Some(1),
            ..Default::default()
        };
        assert!(
            self.jobs.update_job("nobody", patch, None).await.is_err(),
            "there is no such job"
        );
    }

    async fn claim(&mut self) {
        let ask = callsheet::jobs::Claim {
            job_types: vec![self.name.clone()],
            ..claim("w")
        };
        let outcome = Some(self.jobs.claim_jobs(ask).await);
        let ending = self.ending(&outcome);
        match outcome {
            Some(Ok(claimed)) => {
                for one in claimed {
                    if let Some(account) = self
                        .accounts
                        .iter_mut()
                        .find(|account| account.id == one.job.id)
                    {
                        account.changed(ending, Some(one.job.version));
                    }
                }
            }
            // Any of the jobs that wait may have been given out.
            _ if ending == Ending::Unknown => {
                self.accounts
                    .iter_mut()
                    .for_each(|account| account.changed(ending, None));
            }
            _ => {}
        }
    }

    async fn change(&mut self) {
        let open: Vec<_> = (0..self.accounts.len())
            .filter(|i| self.accounts[*i].is_open())
            .collect();
        let Some(i) = self.rng.choice(open) else {
            return;
        };
        let (jobs, id, verb) = (
            self.jobs.clone(),
            self.accounts[i].id.clone(),
            self.rng.u32(..7),
        );
        let number = self.rng.i16(-100..100);
        let progress = Progress {
            progress: Some(f64::from(number.abs())),
            current_stage: Some(format!("{number}")),
        };
        let leaves = self.rng.u32(..12) == 0;
        let call = async {
            let before = jobs.get_job(&id).await.map(|job| job.version)?;
            let changed = match verb {
                0 => jobs.start_job(&id, None, None).await,
                1 => jobs.update_progress(&id, progress, None).await,
                2 => jobs.mark_completed(&id, None, None).await,
                3 => jobs.mark_failed(&id, for_now("again"), None).await,
                4 => jobs.cancel_job(&id, None, None).await,
                5 => return jobs.delete_job(&id, None).await.map(|()| None),
                _ => {
                    jobs.update_job(
                        &id,
                        JobPatch {
                            priority: Some(number),
                            ..Default::default()
                        },
                        None,
                    )
                    .await
                }
            }?;
            Ok(Some((before, changed.version)))
        };
        let outcome: Option<Result<Option<(i64, i64)>>> = leaving(leaves, call).await;
        let ending = self.ending(&outcome);
        match outcome {
            Some(Ok(None)) => self.accounts[i].deleted(ending),
            // Nothing was to be changed.
            Some(Ok(Some((before, version)))) if before == version => {}
            Some(Ok(Some((_, version)))) => self.accounts[i].changed(ending, Some(version)),
            Some(Err(_)) | None if verb == 5 => self.accounts[i].deleted(ending),
            Some(Err(_)) | None => self.accounts[i].changed(ending, None),
        }
    }

    fn ending<T>(&mut self, outcome: &Option<Result<T>>) -> Ending {
        let ending = match outcome {
            None => Ending::Unknown,
            Some(outcome) => {
                let doubtful = self
                    .injector
                    .as_ref()
                    .is_none_or(|injector| injector.doubts() != self.doubts);
                Ending::of(outcome, doubtful)
            }
        };
        self.answered += usize::from(ending == Ending::Answered);
        ending
    }
}

/// The outcome of the call; `None` when its caller leaves before it is there.
async fn leaving<T>(leaves: bool, call: impl Future<Output = Result<T>>) -> Option<Result<T>> {
    match leaves {
        true => tokio::time::timeout(Duration::from_micros(200), call)
            .await
            .ok(),
        false => Some(call.await),
    }
}
