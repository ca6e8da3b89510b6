//! Calls about webhooks: of the database itself, or of a server. Both return what the
//! HTTP API does.

use crate::{
    api,
    cli::{
        Failure,
        answers::{taken, text},
        remote::path,
        target::Target,
    },
    jobs::{JobManager, NewWebhook, ReplayFrom},
};
use chrono::{DateTime, Utc};
use entity::webhook;
use hyper::Method;
use serde_json::{Value, json};

/// Webhooks that are read at once for a list.
const PAGE: u64 = 200;

/// A call that steers a webhook.
#[derive(Clone, Copy)]
pub enum Verb {
    Pause,
    Resume,
    RotateSecret,
    Test,
}

impl Target {
    pub(super) async fn add_webhook(&self, new: NewWebhook) -> Result<Value, Failure> {
        match self {
            Self::Database(app) => {
                let row = app.jobs.create_webhook(new).await?;
                Ok(api::webhook_with_secret(app.jobs.with_backlog(row).await?))
            }
            Self::Server(server) => {
                let mut body = json!({
                    "url": new.url, "job_types": new.job_types, "labels": new.labels,
                });
                if let Some(kinds) = new.kinds {
                    body["kinds"] = kinds.into();
                }
                server.call(Method::POST, "/webhooks", Some(&body)).await
            }
        }
    }

    pub(super) async fn webhook(&self, id: &str) -> Result<Value, Failure> {
        match self {
            Self::Database(app) => Ok(api::webhook(app.jobs.get_webhook(id).await?)),
            Self::Server(server) => server.get(&path(&["webhooks", id], &[])?).await,
        }
    }

    /// Returns all webhooks.
    pub(super) async fn webhooks(&self) -> Result<Vec<Value>, Failure> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = self.page_of_webhooks(after).await?;
            all.extend(page);
            after = next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    async fn page_of_webhooks(
        &self,
        after: Option<String>,
    ) -> Result<(Vec<Value>, Option<String>), Failure> {
        match self {
            Self::Database(app) => {
                let (rows, next) = app.jobs.list_webhooks(after, PAGE).await?;
                Ok((rows.into_iter().map(api::webhook).collect(), next))
            }
            Self::Server(server) => server.page("webhooks", PAGE, after).await,
        }
    }

    pub(super) async fn steer_webhook(&self, id: &str, verb: Verb) -> Result<Value, Failure> {
        match self {
            Self::Database(app) => steer(&app.jobs, id, verb).await,
            Self::Server(server) => {
                let word = match verb {
                    Verb::Pause => "pause",
                    Verb::Resume => "resume",
                    Verb::RotateSecret => "rotate-secret",
                    Verb::Test => "test",
                };
                let path = path(&["webhooks", id, word], &[])?;
                server.call(Method::POST, &path, None).await
            }
        }
    }

    /// Returns the secret that signs the messages of jobs.
    pub(super) async fn webhook_secret(&self) -> Result<String, Failure> {
        match self {
            Self::Database(app) => Ok(app.jobs.get_webhook_secret().await?),
            Self::Server(server) => {
                let secret = server.get("/webhook-secret").await?;
                Ok(text(&secret, "secret").unwrap_or_default())
            }
        }
    }

    pub(super) async fn replay_webhook(
        &self,
        id: &str,
        position: Option<i64>,
        since: Option<DateTime<Utc>>,
    ) -> Result<(), Failure> {
        match self {
            Self::Database(app) => {
                let from = match (position, since) {
                    (_, Some(time)) => ReplayFrom::Time(time),
                    (position, None) => ReplayFrom::Position(position.unwrap_or_default()),
                };
                app.jobs.replay_webhook(id, from).await?;
            }
            Self::Server(server) => {
                let body = match since {
                    Some(time) => json!({"since": time}),
                    None => json!({"position": position}),
                };
                let path = path(&["webhooks", id, "replay"], &[])?;
                server.call(Method::POST, &path, Some(&body)).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn remove_webhook(&self, id: &str) -> Result<(), Failure> {
        match self {
            Self::Database(app) => app.jobs.delete_webhook(id).await?,
            Self::Server(server) => server.delete(&path(&["webhooks", id], &[])?).await?,
        }
        Ok(())
    }

    /// Returns the newest deliveries of a webhook.
    pub(super) async fn deliveries(
        &self,
        id: &str,
        job: Option<String>,
        limit: u64,
    ) -> Result<Vec<Value>, Failure> {
        match self {
            Self::Database(app) => {
                let jobs = &app.jobs;
                let page = jobs.list_webhook_deliveries(id, job.as_deref(), None, limit);
                let (rows, _) = page.await?;
                Ok(rows.into_iter().map(api::delivery).collect())
            }
            Self::Server(server) => {
                let mut query = vec![("limit", limit.to_string())];
                query.extend(job.map(|job| ("job_id", job)));
                let path = path(&["webhooks", id, "deliveries"], &query)?;
                Ok(taken(&mut server.get(&path).await?, "deliveries"))
            }
        }
    }

    pub(super) async fn retry_delivery(&self, id: i64) -> Result<(), Failure> {
        match self {
            Self::Database(app) => {
                app.jobs.retry_webhook_delivery(id).await?;
            }
            Self::Server(server) => {
                let path = path(&["deliveries", &id.to_string(), "retry"], &[])?;
                server.call(Method::POST, &path, None).await?;
            }
        }
        Ok(())
    }
}

async fn steer(jobs: &JobManager, id: &str, verb: Verb) -> Result<Value, Failure> {
    let shown = async |row: webhook::Model| jobs.with_backlog(row).await;
    Ok(match verb {
        Verb::Pause => api::webhook(shown(jobs.pause_webhook(id).await?).await?),
        Verb::Resume => api::webhook(shown(jobs.resume_webhook(id).await?).await?),
        Verb::RotateSecret => {
            let row = jobs.rotate_webhook_secret(id).await?;
            api::webhook_with_secret(shown(row).await?)
        }
        Verb::Test => api::delivery(jobs.test_webhook(id).await?),
    })
}
