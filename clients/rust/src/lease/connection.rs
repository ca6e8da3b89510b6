//! What all jobs of a worker share to speak with its server.

use super::{
    calls::Calls,
    state::Lease,
    stop::{Stop, StopLevel},
};
use crate::{Client, Server, uptime};
use std::{process, sync::Arc, time::Duration};
use uuid::Uuid;

/// Timeout of a request, shorter than the time that a server which was away gives its workers to
/// come back. Half the lease if that is shorter, so that a hanging request does not cost the lease.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);

/// Maximum characters of the name of a host.
const MAX_HOST_CHARS: usize = 150;

/// Receiver of what happens between a worker and its server.
pub trait Notices: Send + Sync {
    /// Is called for each call that the server did not take.
    fn away(&self, why: &str);
    /// Is called for each call that the server took.
    fn back(&self);
    /// Is called with a sentence about a job that the worker could not handle.
    fn note(&self, text: &str);
}

/// Worker as its server knows it, with the calls that all its jobs share.
pub struct Connection {
    pub(crate) calls: Calls,
    pub worker_id: String,
    pub(crate) host: String,
    /// Version of the worker, which the list of workers shows.
    pub(crate) version: String,
    pub lease: Duration,
    pub stop: Stop,
    pub(crate) notices: Arc<dyn Notices>,
}

impl Connection {
    /// Creates a worker. Without an id, it has one of host, process id and a random part.
    pub fn new(
        client: Client,
        worker_id: Option<String>,
        version: &str,
        lease: Duration,
        notices: Arc<dyn Notices>,
    ) -> Self {
        let patience = REQUEST_TIMEOUT.min(lease / 2);
        let host = host();
        Self {
            worker_id: worker_id.unwrap_or_else(|| unique_name(&host)),
            calls: Calls { client, patience },
            host,
            version: version.to_owned(),
            lease,
            stop: Stop::default(),
            notices,
        }
    }

    pub fn server(&self) -> &Server {
        self.calls.client.server()
    }

    /// Returns whether the worker is stopping and its reports would be too late: the lease may have
    /// ended, or a second signal asked to stop at once.
    pub(crate) fn is_hopeless(&self, lease: &Lease) -> bool {
        match self.stop.now() {
            StopLevel::No | StopLevel::Drain => false,
            StopLevel::Gently => lease.now().until < uptime(),
            StopLevel::AtOnce => true,
        }
    }
}

fn host() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    name.chars()
        .filter(|c| !c.is_control())
        .take(MAX_HOST_CHARS)
        .collect()
}

/// Returns a worker id that is unique and stays the same while the process lives.
fn unique_name(host: &str) -> String {
    let id = Uuid::new_v4().to_string();
    let random = &id[id.len().saturating_sub(8)..];
    format!("{host}-{}-{random}", process::id())
}
