//! What a worker reports of a job while it runs.

use crate::ItemStatus;
use serde::Serialize;
use serde_json::{Map, Value};

/// A report; it may have several members.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Progress in percent, 0 to 100.
    pub progress: Option<f64>,
    pub stage: Option<String>,
    pub total_shots: Option<u32>,
    pub completed_shots: Option<u32>,
    pub item: Option<ItemReport>,
    /// Result of the job, which the server gets when the job is completed.
    pub result: Option<Map<String, Value>>,
}

/// State of one item, which its key or its position names.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ItemReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idx: Option<i32>,
    pub status: ItemStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl ItemReport {
    /// Returns how to call the item in a sentence.
    pub fn name(&self) -> String {
        match (&self.key, self.idx) {
            (Some(key), _) => format!("the item {key}"),
            (None, idx) => format!("the item at position {}", idx.unwrap_or_default()),
        }
    }

    /// Returns whether both are of the same item.
    pub fn is_of_same(&self, other: &Self) -> bool {
        (&self.key, self.idx) == (&other.key, other.idx)
    }

    /// Applies a later report on the same item. It replaces status and error; the earlier result
    /// stays if the later report has none.
    pub fn follow(&mut self, later: Self) {
        self.status = later.status;
        self.error = later.error;
        self.result = later.result.or_else(|| self.result.take());
    }
}
