//! Calls about schedules: of the database itself, or of a server. Both return what the
//! HTTP API does.

use crate::{
    api,
    cli::{Failure, remote::path, target::Target},
};
use hyper::Method;
use serde_json::Value;

/// Schedules that are read at once for a list.
const PAGE: u64 = 200;

/// A call that steers a schedule.
#[derive(Clone, Copy)]
pub enum Verb {
    Pause,
    Resume,
    /// Creates a job, which is what it returns.
    Run,
}

impl Target {
    /// Adds the schedule of a body of `create_schedule`.
    pub(super) async fn add_schedule(&self, body: Value) -> Result<Value, Failure> {
        match self {
            Self::Database(app) => {
                let new = api::read_new_schedule(body)?;
                Ok(api::schedule(app.jobs.create_schedule(new).await?))
            }
            Self::Server(server) => server.call(Method::POST, "/schedules", Some(&body)).await,
        }
    }

    /// Returns all schedules.
    pub(super) async fn schedules(&self) -> Result<Vec<Value>, Failure> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = self.page_of_schedules(after).await?;
            all.extend(page);
            after = next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    async fn page_of_schedules(
        &self,
        after: Option<String>,
    ) -> Result<(Vec<Value>, Option<String>), Failure> {
        match self {
            Self::Database(app) => {
                let (rows, next) = app.jobs.list_schedules(after, PAGE).await?;
                Ok((rows.into_iter().map(api::schedule).collect(), next))
            }
            Self::Server(server) => server.page("schedules", PAGE, after).await,
        }
    }

    /// Returns the times of a schedule in words, and the next ones.
    pub(super) async fn next_runs(&self, id: &str, count: u32) -> Result<Value, Failure> {
        match self {
            Self::Database(app) => {
                let count = usize::try_from(count).unwrap_or(1);
                Ok(api::schedule_times(app.jobs.next_runs(id, count).await?))
            }
            Self::Server(server) => {
                let query = [("count", count.to_string())];
                server.get(&path(&["schedules", id, "next"], &query)?).await
            }
        }
    }

    pub(super) async fn steer_schedule(&self, id: &str, verb: Verb) -> Result<Value, Failure> {
        let server = match self {
            Self::Server(server) => server,
            Self::Database(app) => {
                let jobs = &app.jobs;
                return Ok(match verb {
                    Verb::Pause => api::schedule(jobs.pause_schedule(id).await?),
                    Verb::Resume => api::schedule(jobs.resume_schedule(id).await?),
                    Verb::Run => {
                        let created = jobs.run_schedule(id, None).await?;
                        serde_json::json!({"job_id": created.job.id})
                    }
                });
            }
        };
        let word = match verb {
            Verb::Pause => "pause",
            Verb::Resume => "resume",
            Verb::Run => "run",
        };
        let path = path(&["schedules", id, word], &[])?;
        server.call(Method::POST, &path, None).await
    }

    pub(super) async fn remove_schedule(&self, id: &str) -> Result<(), Failure> {
        match self {
            Self::Database(app) => app.jobs.delete_schedule(id).await?,
            Self::Server(server) => server.delete(&path(&["schedules", id], &[])?).await?,
        }
        Ok(())
    }
}
