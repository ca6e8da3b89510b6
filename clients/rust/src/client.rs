//! The calls of a client.

use crate::{
    Error, Item, ItemList, Job, JobFilter, JobList, Method, NewJob, Server,
    http::{Call, Http},
    path::{escaped, segment},
    retry::repeat,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{env, io, sync::Arc, time::Duration};
use uuid::Uuid;

const A_DAY: Duration = Duration::from_secs(86_400);

/// Seconds for which the server holds a call that waits for a job to change, at most.
const WAIT_SECONDS: u64 = 30;

/// Jobs and items of a page of a walk over all of them.
const PAGE: u32 = 200;

/// Reason why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("{0}")]
    Server(String),
    #[error("the key cannot be sent: a key has visible ASCII characters only; copy it again")]
    Key,
    #[error(
        "the certificates of this system cannot be read: {0}; install ca-certificates, or name a \
        file of them in SSL_CERT_FILE"
    )]
    Certificates(io::Error),
}

/// Client of a server. Clones share its connections.
#[derive(Clone)]
pub struct Client {
    http: Arc<Http>,
    retry_for: Duration,
    patience: Duration,
}

impl Client {
    /// Creates a client that sends the key, if there is one, with each call.
    pub fn new(server: Server, key: Option<&str>) -> Result<Self, ClientError> {
        let http = Http::new(server, key).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => ClientError::Key,
            _ => ClientError::Certificates(error),
        })?;
        Ok(Self {
            http: Arc::new(http),
            retry_for: Duration::from_secs(20),
            patience: Duration::from_secs(30),
        })
    }

    /// Creates a client of the server in `CALLSHEET_SERVER`, by default `http://127.0.0.1:3001`,
    /// with the key in `CALLSHEET_API_KEY`, if it is set.
    #[allow(
        clippy::disallowed_methods,
        reason = "the configuration of the server is not that of its clients"
    )]
    pub fn from_env() -> Result<Self, ClientError> {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let server = set("CALLSHEET_SERVER").unwrap_or_else(|| "http://127.0.0.1:3001".to_owned());
        let server = server.parse().map_err(ClientError::Server)?;
        Self::new(server, set("CALLSHEET_API_KEY").as_deref())
    }

    /// Sets for how long a call is repeated that the server could not take: 20 seconds by default,
    /// a day at most.
    pub fn retry_for(mut self, time: Duration) -> Self {
        self.retry_for = time.min(A_DAY);
        self
    }

    /// Sets the time for an answer, apart from the time that a call asks the server to wait: 30
    /// seconds by default, a day at most.
    pub fn timeout(mut self, patience: Duration) -> Self {
        self.patience = patience.min(A_DAY);
        self
    }

    pub fn server(&self) -> &Server {
        &self.http.server
    }

    /// Creates a job. A repetition creates no second one, because each call has an idempotency key.
    pub async fn create_job(&self, new: &NewJob) -> Result<Job, Error> {
        let body = json!(new);
        let key = Uuid::new_v4().to_string();
        let call = Call {
            idempotency_key: Some(&key),
            ..self.to(Method::POST, "/jobs", Some(&body))
        };
        self.send(call, true).await
    }

    pub async fn job(&self, job_id: &str) -> Result<Job, Error> {
        self.read(&format!("/jobs/{}", segment(job_id)?)).await
    }

    /// Waits until the job has ended, and returns it.
    pub async fn wait(&self, job_id: &str) -> Result<Job, Error> {
        let id = segment(job_id)?;
        let mut job = self.job(job_id).await?;
        while !job.status.is_ended() {
            let path = format!(
                "/jobs/{id}?wait={WAIT_SECONDS}&since_version={}",
                job.version
            );
            let mut call = self.to(Method::GET, &path, None);
            call.patience += Duration::from_secs(WAIT_SECONDS);
            job = self.send(call, true).await?;
        }
        Ok(job)
    }

    /// Returns a page of jobs, newest first. `next_cursor` is the cursor of the next one.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<JobList, Error> {
        self.read(&format!("/jobs{}", filter.query())).await
    }

    /// Returns all items of a job, in their order.
    pub async fn items(&self, job_id: &str) -> Result<Vec<Item>, Error> {
        let id = segment(job_id)?;
        let mut items = Vec::new();
        let mut path = format!("/jobs/{id}/items?limit={PAGE}");
        loop {
            let page: ItemList = self.read(&path).await?;
            items.extend(page.items);
            match page.next_cursor {
                Some(cursor) => {
                    path = format!("/jobs/{id}/items?limit={PAGE}&cursor={}", escaped(&cursor));
                }
                None => return Ok(items),
            }
        }
    }

    /// Cancels a job that is queued, or asks the worker of a running one to stop.
    pub async fn cancel(&self, job_id: &str, reason: Option<&str>) -> Result<Job, Error> {
        let path = format!("/jobs/{}/cancel", segment(job_id)?);
        let body = json!({"reason": reason});
        self.send(self.to(Method::POST, &path, Some(&body)), false)
            .await
    }

    /// Queues a job again that failed or was cancelled. Its finished items stay finished.
    pub async fn retry(&self, job_id: &str) -> Result<Job, Error> {
        let path = format!("/jobs/{}/retry", segment(job_id)?);
        self.send(self.to(Method::POST, &path, None), false).await
    }

    /// Deletes a job with its history.
    pub async fn delete(&self, job_id: &str) -> Result<(), Error> {
        let path = format!("/jobs/{}", segment(job_id)?);
        let _: Value = self
            .send(self.to(Method::DELETE, &path, None), false)
            .await?;
        Ok(())
    }

    /// Makes any call below `/api/v1` once, and waits `patience` for its answer. `path` begins with
    /// a slash, and what needs escaping in it is escaped.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        patience: Duration,
    ) -> Result<T, Error> {
        let call = Call {
            patience,
            ..self.to(method, path, body)
        };
        self.http.call(call).await
    }

    /// Sends a GET for any path of the server once, with the key. Returns the status and the
    /// body, of which 64 KiB are read if it is no success; the error says why there is no answer.
    pub async fn get(&self, path: &str) -> Result<(u16, Vec<u8>), String> {
        self.http.get(path, self.patience).await
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.send(self.to(Method::GET, path, None), true).await
    }

    fn to<'a>(&self, method: Method, path: &'a str, body: Option<&'a Value>) -> Call<'a> {
        Call {
            method,
            path,
            body,
            idempotency_key: None,
            patience: self.patience,
        }
    }

    async fn send<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        is_repeatable: bool,
    ) -> Result<T, Error> {
        repeat(self.retry_for, is_repeatable, || {
            self.http.call(call.clone())
        })
        .await
    }
}
