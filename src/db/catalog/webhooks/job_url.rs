//! The URL that a job names for its messages, as its column holds it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// Maximum characters of an endpoint.
const MAX_ENDPOINT_CHARS: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobUrl {
    pub url: String,
    /// Kinds of messages.
    pub kinds: Vec<String>,
    /// Which secret signs the messages, if the creator's key is bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl JobUrl {
    /// Reads the column; `None` also for what another program put there.
    pub fn of(column: Option<&Value>) -> Option<Self> {
        Self::deserialize(column?).ok()
    }

    /// Returns the URL without its query, which may hold a secret. It has neither a user nor a
    /// password: the create refuses those.
    pub fn shown(&self) -> String {
        let shown = self.url.split(['?', '#']).next();
        shown.unwrap_or_default().to_owned()
    }

    /// Returns scheme, host and port. No host that leads anywhere is longer than the column.
    pub fn endpoint(&self) -> String {
        let origin = Url::parse(&self.url).map(|url| url.origin().ascii_serialization());
        let origin = origin.unwrap_or_else(|_| "unknown".to_owned());
        origin.chars().take(MAX_ENDPOINT_CHARS).collect()
    }
}
