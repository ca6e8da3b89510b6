//! Where a command works: in the database itself, or on a server that it calls over HTTP.

use super::{
    Failure,
    answers::{job_of, known, taken, text},
    remote::{Remote, path},
};
use crate::{
    app::App,
    config::{Config, Flags, ServerFlags},
    jobs::{Filter, Order, PageAfter, View},
    lifecycle::Total,
    telemetry,
};
use entity::job;
use hyper::Method;
use serde_json::{Value, json};
use std::time::Duration;

pub enum Target {
    Database(Box<App>),
    Server(Box<Remote>),
}

/// Time between two looks at a job in the database.
const LOOK: Duration = Duration::from_millis(500);

/// Time for which a server holds the answer until a job changes.
const HOLD: Duration = Duration::from_secs(25);

/// A page of jobs.
pub struct Listed {
    pub jobs: Vec<job::Model>,
    pub total: Total,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// A call that steers a job.
pub enum Verb {
    Cancel {
        reason: Option<String>,
    },
    Retry,
    Recover,
    Undo,
    /// Creates a new job of the failed items.
    RetryItems,
}

/// An event of a job: its number, its kind and its data.
pub struct Event {
    pub seq: i64,
    pub kind: String,
    pub data: Value,
}

impl Target {
    /// Prepares calls to a server. The settings of the database do not count.
    pub fn server(flags: Flags, url: &str) -> Result<Self, Failure> {
        let config = Config::load(flags, ServerFlags::default())?;
        telemetry::start(&config.log, config.log_format).map_err(Failure::Usage)?;
        Ok(Self::Server(Box::new(Remote::new(url)?)))
    }

    /// Closes the database, which first notifies its servers.
    pub async fn close(self) {
        if let Self::Database(app) = self {
            let _ = app.jobs.database().clone().close().await;
        }
    }

    /// Returns the database.
    ///
    /// Fails on a server, with a sentence that says what cannot be done there.
    pub fn database(&self, what: &str) -> Result<&App, Failure> {
        match self {
            Self::Database(app) => Ok(app),
            Self::Server(_) => Err(Failure::Usage(format!(
                "{what} works in the database alone: leave out --server"
            ))),
        }
    }

    pub async fn job(&self, id: &str) -> Result<job::Model, Failure> {
        match self {
            Self::Database(app) => Ok(app.jobs.get_job(id).await?),
            Self::Server(server) => job_of(server.get(&path(&["jobs", id], &[])?).await?),
        }
    }

    /// Returns the job once it has another version, or its current state after a while.
    pub async fn job_after(&self, job: &job::Model) -> Result<job::Model, Failure> {
        match self {
            Self::Database(app) => {
                tokio::time::sleep(LOOK).await;
                Ok(app.jobs.get_job(&job.id).await?)
            }
            Self::Server(server) => {
                let query = [
                    ("wait", HOLD.as_secs().to_string()),
                    ("since_version", job.version.to_string()),
                ];
                let path = path(&["jobs", &job.id], &query)?;
                job_of(server.get_after(&path, HOLD).await?)
            }
        }
    }

    pub async fn steer(&self, id: &str, verb: Verb) -> Result<job::Model, Failure> {
        let server = match self {
            Self::Server(server) => server,
            Self::Database(app) => {
                let jobs = &app.jobs;
                return Ok(match verb {
                    Verb::Cancel { reason } => jobs.cancel_job(id, reason, None).await?,
                    Verb::Retry => jobs.retry_job(id, None).await?,
                    Verb::Recover => jobs.recover_job(id, None).await?,
                    Verb::Undo => jobs.undo_job(id, None).await?,
                    Verb::RetryItems => jobs.retry_failed_items(id, None).await?.job,
                });
            }
        };
        let (word, body) = match verb {
            Verb::Cancel { reason } => ("cancel", reason.map(|reason| json!({"reason": reason}))),
            Verb::Retry => ("retry", None),
            Verb::Recover => ("recover", None),
            Verb::Undo => ("undo", None),
            Verb::RetryItems => ("retry-failed-items", None),
        };
        let path = path(&["jobs", id, word], &[])?;
        job_of(server.call(Method::POST, &path, body.as_ref()).await?)
    }

    pub async fn delete(&self, id: &str) -> Result<(), Failure> {
        match self {
            Self::Database(app) => app.jobs.delete_job(id, None).await?,
            Self::Server(server) => {
                server.delete(&path(&["jobs", id], &[])?).await?;
            }
        }
        Ok(())
    }

    pub async fn list(
        &self,
        filter: &Filter,
        order: Order,
        cursor: Option<String>,
        limit: u64,
    ) -> Result<Listed, Failure> {
        let cursor = cursor.map(|text| known(&text)).transpose()?;
        let server = match self {
            Self::Server(server) => server,
            Self::Database(app) => {
                let after = cursor.map_or(PageAfter::Start, PageAfter::Cursor);
                let jobs = &app.jobs;
                let page = jobs.list_jobs(filter, order, after, limit, View::Summary);
                let page = page.await?;
                return Ok(Listed {
                    jobs: page.jobs,
                    total: page.total,
                    next: page.next.map(|cursor| cursor.encode()),
                });
            }
        };
        let mut query = query_of(filter);
        query.push(("limit", limit.to_string()));
        query.push(("view", "summary".to_owned()));
        if order == Order::OldestFirst {
            query.push(("order", "created_at".to_owned()));
        }
        query.extend(cursor.map(|cursor| ("cursor", cursor.encode())));
        let mut page = server.get(&path(&["jobs"], &query)?).await?;
        let jobs = taken(&mut page, "jobs").into_iter().map(job_of);
        Ok(Listed {
            jobs: jobs.collect::<Result<_, _>>()?,
            total: Total {
                jobs: page["pagination"]["total"].as_u64().unwrap_or_default(),
                exact: page["pagination"]["total_exact"] != false,
            },
            next: text(&page, "next_cursor"),
        })
    }

    /// Returns the events of a job behind one with a number, and whether more follow.
    pub async fn events(&self, id: &str, after: i64) -> Result<(Vec<Event>, bool), Failure> {
        const PAGE: u64 = 200;
        let server = match self {
            Self::Server(server) => server,
            Self::Database(app) => {
                let part = app.jobs.list_events(id, Some(after), PAGE).await?;
                let more = part.more;
                let event = |event: entity::job_event::Model| Event {
                    seq: event.seq,
                    kind: event.kind,
                    data: event.data.unwrap_or_default(),
                };
                return Ok((part.rows.into_iter().map(event).collect(), more));
            }
        };
        let query = [("limit", PAGE.to_string()), ("cursor", after.to_string())];
        let mut page = server.get(&path(&["jobs", id, "events"], &query)?).await?;
        let more = text(&page, "next_cursor").is_some();
        let event = |mut event: Value| Event {
            seq: event["seq"].as_i64().unwrap_or_default(),
            kind: text(&event, "kind").unwrap_or_default(),
            data: event["data"].take(),
        };
        let events = taken(&mut page, "events").into_iter().map(event);
        Ok((events.collect(), more))
    }
}

/// Returns the parameters of the filters that the command line has.
fn query_of(filter: &Filter) -> Vec<(&'static str, String)> {
    let one = |name, value: &Option<String>| value.clone().map(|value| (name, value));
    let status = filter.status.map(|status| ("status", status.to_string()));
    let labels = filter.labels.iter();
    let labels = labels.map(|(key, value)| ("label", format!("{key}={value}")));
    let rest = [
        one("job_type", &filter.job_type),
        one("series_id", &filter.series_id),
        one("q", &filter.q),
    ];
    let rest = rest.into_iter().flatten();
    status.into_iter().chain(rest).chain(labels).collect()
}
