//! Batch of reports that one heartbeat sends, and its limits.

use super::report::ItemReport;
use serde::Serialize;

/// Maximum items of a request.
pub const MAX_ITEMS: usize = 1000;

/// Maximum log lines of a request.
pub const MAX_LINES: usize = 100;

/// Maximum bytes of a request body, unless the server names another limit: the default of a server.
pub const DEFAULT_BODY_BYTES: usize = 1 << 20;

/// Bytes of a batch, so that it fits into a request body beside the token and the names.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Maximum bytes of buffered items, unless a single item is larger.
    pub item_bytes: usize,
    /// Maximum bytes of buffered log lines, and of each.
    pub line_bytes: usize,
}

impl Limits {
    /// Returns the limits for a server that accepts bodies of so many bytes. A larger limit of the
    /// server is used for single large items only: small batches are sent sooner.
    pub fn of_body(bytes: usize) -> Self {
        let bytes = bytes.min(DEFAULT_BODY_BYTES);
        Self {
            item_bytes: bytes / 3 * 2,
            // Escaping can double them.
            line_bytes: bytes / 8,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of_body(DEFAULT_BODY_BYTES)
    }
}

/// Reports that one heartbeat sends.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReportBatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_shots: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_shots: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

impl ReportBatch {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether the batch has nothing but items.
    pub fn is_of_items(&self) -> bool {
        self.log.is_empty() && !self.has_progress()
    }

    /// Returns whether the batch has nothing but lines of the log.
    pub fn is_of_log(&self) -> bool {
        self.items.is_empty() && !self.has_progress()
    }

    fn has_progress(&self) -> bool {
        self.progress.is_some()
            || self.current_stage.is_some()
            || self.total_shots.is_some()
            || self.completed_shots.is_some()
    }
}

/// Returns the bytes of an item in a request body.
pub fn size(item: &ItemReport) -> usize {
    serde_json::to_vec(item).map_or(0, |bytes| bytes.len())
}
