//! Random walks, each call answered as the model says, each row as the model has it.

use super::model::{Code, End, Job, Lease};
use crate::support::{TestApp, any_job, claim, code_of, for_now};
use callsheet::jobs::{AttemptReport, Claim, Ending, Guard, Heartbeat, NewJob};
use chrono::TimeDelta;
use entity::JobStatus;

const WALKS: u64 = 25;
const STEPS: usize = 80;
const JOBS: usize = 4;

struct Walk<'a> {
    t: &'a TestApp,
    rng: fastrand::Rng,
    kind: String,
    jobs: Vec<Job>,
    /// Every token that was ever given.
    tokens: Vec<String>,
}

#[on_both]
async fn whatever_comes_in_whatever_order_is_answered_as_the_model_says(t: TestApp) {
    for seed in 0..WALKS {
        let mut walk = Walk::begin(&t, seed).await;
        for step in 0..STEPS {
            let done = walk.step().await;
            walk.check(&format!("walk {seed}, step {step}: {done}"))
                .await;
        }
        walk.end().await;
    }
}

impl<'a> Walk<'a> {
    async fn begin(t: &'a TestApp, seed: u64) -> Self {
        let kind = format!("walk-{seed}");
        let mut jobs = Vec::new();
        for n in 0..JOBS {
            t.clock.advance(TimeDelta::milliseconds(1));
            let max_attempts = 1 + i32::try_from(n).unwrap() % 3;
            let job = t
                .create(NewJob {
                    job_type: kind.clone(),
                    max_attempts: Some(max_attempts),
                    ..any_job()
                })
                .await;
            jobs.push(Job {
                id: job.id,
                created: job.created_at,
                due: job.created_at,
                status: JobStatus::Queued,
                attempt: 0,
                max_attempts,
                lease: None,
                cancel: false,
                begun: false,
                heard: false,
                unheard: 0,
                ended_by: None,
                version: 1,
            });
        }
        Self {
            t,
            rng: fastrand::Rng::with_seed(seed),
            kind,
            jobs,
            tokens: vec!["none".into()],
        }
    }

    async fn step(&mut self) -> String {
        match self.rng.u8(..20) {
            0..=5 => self.claim().await,
            6..=8 => self.beat().await,
            9..=13 => self.end_one().await,
            14 => self.cancel().await,
            15 => self.retry().await,
            16 | 17 => self.rescue().await,
            _ => {
                let seconds = self.rng.i64(1..20);
                self.t.clock.advance(TimeDelta::seconds(seconds));
                format!("{seconds} s go by")
            }
        }
    }

    async fn claim(&mut self) -> String {
        let (now, most) = (self.t.now(), self.rng.u32(1..=3));
        let (worker, seconds) = (format!("w{}", self.rng.u8(..3)), self.rng.u32(2..20));
        let asked = Claim {
            job_types: vec![self.kind.clone()],
            max_jobs: most,
            lease_seconds: seconds,
            ..claim(&worker)
        };
        let claimed = self.t.claim_jobs(asked).await.unwrap();
        let mut due: Vec<&mut Job> = self
            .jobs
            .iter_mut()
            .filter(|job| job.status == JobStatus::Queued && job.due <= now)
            .collect();
        due.sort_by_key(|job| (!job.begun, job.due, job.created));
        due.truncate(most as usize);
        let given: Vec<_> = claimed
            .iter()
            .map(|claimed| claimed.job.id.as_str())
            .collect();
        assert_eq!(
            given,
            due.iter().map(|job| job.id.as_str()).collect::<Vec<_>>()
        );
        for (job, claimed) in due.into_iter().zip(&claimed) {
            let token = claimed.job.lease_token.clone().unwrap();
            assert!(!self.tokens.contains(&token));
            self.tokens.push(token.clone());
            job.claim(Lease {
                token,
                worker: worker.clone(),
                expires: now + TimeDelta::seconds(seconds.into()),
            });
        }
        format!("{worker} claims {given:?} for {seconds} s")
    }

    /// A job, and a token: mostly that of its lease, else any that was ever given.
    fn target(&mut self) -> (usize, String) {
        let i = self.rng.usize(..self.jobs.len());
        let held = self.jobs[i].lease.as_ref().map(|lease| lease.token.clone());
        let ended = self.jobs[i].ended_by.clone();
        let any = self.tokens[self.rng.usize(..self.tokens.len())].clone();
        (
            i,
            if self.rng.u8(..4) > 0 {
                held.or(ended).unwrap_or(any)
            } else {
                any
            },
        )
    }

    async fn beat(&mut self) -> String {
        let ((i, token), seconds) = (self.target(), self.rng.u32(1..20));
        let beat = Heartbeat {
            lease_seconds: Some(seconds),
            ..Default::default()
        };
        let answer = self.t.heartbeat(&self.jobs[i].id, &token, beat).await;
        let expires = self.t.now() + TimeDelta::seconds(seconds.into());
        if let Ok(beat) = &answer {
            assert_eq!(
                (beat.lease_expires_at, beat.cancel_requested),
                (expires, self.jobs[i].cancel)
            );
        }
        let expected = self.jobs[i].beat(&token, expires);
        same(
            &format!("heartbeat of {i} under {token}"),
            code_of(&answer),
            expected,
        )
    }

    async fn end_one(&mut self) -> String {
        let (i, token) = self.target();
        let end = [End::Complete, End::Fail, End::Fail, End::Release][self.rng.usize(..4)];
        let (id, guard) = (self.jobs[i].id.clone(), Guard::lease(token.clone()));
        let answer = match (self.rng.bool(), end) {
            (true, End::Complete) => self.t.mark_completed(&id, None, guard).await,
            (true, End::Fail) => self.t.mark_failed(&id, for_now("busy"), guard).await,
            (true, End::Release) => self.t.release_job(&id, guard).await,
            (false, _) => {
                let ending = match end {
                    End::Complete => Ending::Completed { result: None },
                    End::Fail => Ending::Failed(for_now("busy")),
                    End::Release => Ending::Released,
                };
                let outcome = AttemptReport {
                    job_id: id,
                    lease_token: Some(token.clone()),
                    ending,
                };
                self.t
                    .report_outcomes(vec![outcome])
                    .await
                    .unwrap()
                    .remove(0)
                    .1
            }
        };
        let expected = self.jobs[i].end(end, &token, self.t.now());
        same(
            &format!("{end:?} of {i} under {token}"),
            code_of(&answer),
            expected,
        )
    }

    async fn cancel(&mut self) -> String {
        let i = self.rng.usize(..self.jobs.len());
        let answer = self.t.cancel_job(&self.jobs[i].id, None, None).await;
        same(
            &format!("cancel of {i}"),
            code_of(&answer),
            self.jobs[i].cancel(),
        )
    }

    async fn retry(&mut self) -> String {
        let i = self.rng.usize(..self.jobs.len());
        let answer = self.t.retry_job(&self.jobs[i].id, None).await;
        same(
            &format!("retry of {i}"),
            code_of(&answer),
            self.jobs[i].retry(self.t.now()),
        )
    }

    async fn rescue(&mut self) -> String {
        let now = self.t.now();
        let rescued = self.t.rescue_jobs().await.unwrap();
        let expected = self
            .jobs
            .iter_mut()
            .filter_map(|job| job.rescue(now).then_some(()))
            .count();
        assert_eq!(rescued, expected as u64);
        format!("{rescued} rescued")
    }

    async fn check(&self, done: &str) {
        for model in &self.jobs {
            let job = self.t.get_job(&model.id).await.unwrap();
            let lease =
                job.lease_token
                    .clone()
                    .zip(job.lease_expires_at)
                    .map(|(token, expires)| Lease {
                        token,
                        worker: job.worker_id.clone().unwrap(),
                        expires,
                    });
            let seen = (
                job.status,
                job.attempt,
                job.max_attempts,
                lease,
                job.cancel_requested_at.is_some(),
                job.version,
            );
            let Job {
                status,
                attempt,
                max_attempts,
                lease,
                cancel,
                version,
                ..
            } = model.clone();
            assert_eq!(
                seen,
                (status, attempt, max_attempts, lease, cancel, version),
                "{done}: {}",
                model.id
            );
            assert!(job.attempt <= job.max_attempts, "{done}");
        }
    }

    /// Whatever happened, the histories are whole; the jobs of this walk are out of the way of the
    /// next.
    async fn end(self) {
        for model in &self.jobs {
            self.t.whole(&model.id).await.assert_history_is_whole();
            self.t.delete_job(&model.id, None).await.unwrap();
        }
    }
}

#[track_caller]
fn same(what: &str, code: Code, expected: Code) -> String {
    assert_eq!(code, expected, "{what}");
    format!("{what}: {code}")
}
