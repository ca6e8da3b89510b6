//! An import of several batches, which kills cut off and the next run finishes, and an action that
//! deletes its jobs again.

use super::{
    client::{Client, list},
    ledger::Fault,
    wire::Call,
};
use crate::{import::dump, support::Whole};
use entity::job;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Characters of a record. With the largest, a dump takes two to four batches of 2 MiB.
const SIZES: [usize; 3] = [1_000, 40_000, 150_000];
const RECORDS: std::ops::Range<usize> = 16..45;

/// A run whose process is gone is given up at the next start; one that goes on takes less.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks at a run when there is nothing else to do.
const AGAIN: Duration = Duration::from_millis(20);

pub struct Dump {
    /// Type of its jobs, and the beginning of their ids.
    pub name: String,
    pub records: usize,
    size: usize,
    /// Jobs that its runs say they made.
    pub landed: i64,
    /// The jobs were deleted again.
    pub deleted: bool,
    runs: usize,
    state: State,
}

enum State {
    /// To be sent, or sent again.
    Waiting,
    Running {
        id: String,
        since: Instant,
    },
    Deleting {
        id: String,
        since: Instant,
    },
}

impl Dump {
    fn idea(&self, id: &str) -> String {
        format!("{id} {}", "y".repeat(self.size))
    }

    /// The job is one of its records.
    pub fn has(&self, whole: &Whole) -> bool {
        let content =
            |job: &job::Model| job.content.as_deref() == Some(self.idea(&job.id).as_str());
        whole.job.as_ref().is_some_and(content)
            && whole.items.len() == 2
            && whole.kinds() == ["imported"]
    }

    fn body(&self) -> Value {
        let record = |i: usize| {
            let id = format!("{}-{i}", self.name);
            let request = json!({"idea": self.idea(&id)});
            let shots = json!([{"shot_idx": 0, "status": "completed"}, {"shot_idx": 1, "status": "pending"}]);
            dump::job(
                &id,
                json!({"type": self.name, "request": request, "shots": shots}),
            )
        };
        (0..self.records).map(record).collect()
    }
}

impl Client {
    /// The next step of the import.
    pub async fn step_import(&mut self) {
        let Some(mut dump) = self.dump.take() else {
            let name = format!("dump-{}", self.mark().trim_end_matches('.'));
            let (records, size) = (
                self.rng.usize(RECORDS),
                SIZES[self.rng.usize(..SIZES.len())],
            );
            self.dump = Some(Dump {
                name,
                records,
                size,
                landed: 0,
                deleted: false,
                runs: 0,
                state: State::Waiting,
            });
            return;
        };
        let over = match &dump.state {
            State::Waiting => self.send_dump(&mut dump).await,
            State::Running { id, since } => {
                let (path, since) = (format!("/imports/{id}"), *since);
                self.look_at_run(&mut dump, &path, since).await
            }
            State::Deleting { id, since } => {
                let (path, since) = (format!("/actions/{id}"), *since);
                self.look_at_deleting(&mut dump, &path, since).await
            }
        };
        match over {
            Ok(false) => self.dump = Some(dump),
            Ok(true) => self.ledger.dumps.push(dump),
            Err(fault) => {
                self.fault(fault);
                self.ledger.dumps.push(dump);
            }
        }
        if self.wire.is_over() {
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn send_dump(&mut self, dump: &mut Dump) -> Result<bool, Fault> {
        dump.runs += 1;
        let file = format!("{}-{}.json", dump.name, dump.runs);
        let (path, body) = (format!("/imports?file_name={file}"), dump.body());
        let call = Call {
            kind: "import",
            method: Method::POST,
            path: &path,
            body: Some(&body),
            key: None,
        };
        let run = match self.wire.send(call).await {
            Some(answer) if answer.status == StatusCode::ACCEPTED => Some(answer.body),
            Some(answer) => {
                return Err(Fault::Wrong(format!(
                    "the import {file} was refused: {}",
                    answer.body
                )));
            }
            // It may have begun.
            None => {
                let runs = list(&self.wire.get("/imports?limit=20").await, "imports");
                runs.into_iter()
                    .find(|run| run["options"]["files"] == json!([file]))
            }
        };
        if let Some(id) = run.as_ref().and_then(|run| run["import_id"].as_str()) {
            dump.state = State::Running {
                id: id.to_owned(),
                since: Instant::now(),
            };
        }
        Ok(false)
    }

    /// A run ends with all records, or as failed with those of whole batches: then another does the
    /// rest.
    async fn look_at_run(
        &mut self,
        dump: &mut Dump,
        path: &str,
        since: Instant,
    ) -> Result<bool, Fault> {
        let answer = self.wire.get(path).await;
        let run = answer.body;
        if answer.status != StatusCode::OK {
            return Err(Fault::Lost(format!(
                "{path} was answered and is gone: {run}"
            )));
        }
        if run["status"] == "running" {
            return still(path, since);
        }
        dump.landed += run["imported"].as_i64().unwrap_or_default();
        let there = self.jobs_of(&dump.name).await;
        if there != dump.landed {
            let what = format!(
                "{there} jobs of {} are there, and its runs made {}: {run}",
                dump.name, dump.landed
            );
            return Err(if there > dump.landed {
                Fault::Double(what)
            } else {
                Fault::Lost(what)
            });
        }
        if run["status"] == "failed" {
            dump.state = State::Waiting;
            return Ok(false);
        }
        let all = run["found"] == dump.records
            && run["rejected"] == 0
            && dump.landed == dump.records as i64;
        if !all {
            return Err(Fault::Lost(format!(
                "{} of {} records landed: {run}",
                dump.landed, dump.records
            )));
        }
        if self.rng.u8(..20) == 0 {
            return Ok(true);
        }
        self.delete_jobs_of(dump).await
    }

    async fn delete_jobs_of(&mut self, dump: &mut Dump) -> Result<bool, Fault> {
        let body = json!({"action": "delete", "filter": {"job_type": dump.name}});
        let path = "/jobs/actions";
        let call = Call {
            kind: "action",
            method: Method::POST,
            path,
            body: Some(&body),
            key: Some(&dump.name),
        };
        let answer = self.wire.insist(call).await;
        let Some(id) = answer.body["action_id"].as_str() else {
            return Err(Fault::Wrong(format!(
                "the delete of {} was refused: {}",
                dump.name, answer.body
            )));
        };
        dump.state = State::Deleting {
            id: id.to_owned(),
            since: Instant::now(),
        };
        Ok(false)
    }

    /// The action goes on after each kill, and meets each job once.
    async fn look_at_deleting(
        &mut self,
        dump: &mut Dump,
        path: &str,
        since: Instant,
    ) -> Result<bool, Fault> {
        let answer = self.wire.get(path).await;
        let action = answer.body;
        if answer.status != StatusCode::OK {
            return Err(Fault::Lost(format!(
                "{path} was answered and is gone: {action}"
            )));
        }
        if action["status"] == "running" {
            return still(path, since);
        }
        let left = self.jobs_of(&dump.name).await;
        if action["status"] != "completed" || action["changed"] != dump.records || left != 0 {
            let what = format!(
                "{left} of {} jobs of {} are left after {action}",
                dump.records, dump.name
            );
            return Err(Fault::Wrong(what));
        }
        dump.deleted = true;
        Ok(true)
    }

    async fn jobs_of(&mut self, kind: &str) -> i64 {
        let answer = self
            .wire
            .get(&format!("/jobs/counts?job_type={kind}"))
            .await;
        answer.body["total"].as_i64().unwrap_or(-1)
    }
}

fn still(path: &str, since: Instant) -> Result<bool, Fault> {
    match since.elapsed() < PATIENCE {
        true => Ok(false),
        false => Err(Fault::Wrong(format!(
            "{path} runs for more than {PATIENCE:?}"
        ))),
    }
}
