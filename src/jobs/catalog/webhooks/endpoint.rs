//! Endpoints, each of which is sent its messages in a line of its own.

use entity::webhook::JOBS;

/// Where messages are sent in one line: the URL of a webhook, or all URLs of jobs on one host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    pub webhook_id: String,
    /// Scheme, host and port; empty for the URL of the webhook.
    pub endpoint: String,
}

impl Endpoint {
    pub fn of_webhook(webhook_id: String) -> Self {
        Self {
            webhook_id,
            endpoint: String::new(),
        }
    }

    pub fn of_job(endpoint: String) -> Self {
        Self {
            webhook_id: JOBS.to_owned(),
            endpoint,
        }
    }

    pub fn is_of_job(&self) -> bool {
        !self.endpoint.is_empty()
    }
}
