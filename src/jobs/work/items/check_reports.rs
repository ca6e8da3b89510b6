//! Reports on items, and their checks.

use crate::{
    db::write::{Items, weight_of},
    error::{Error, FieldError, Result},
    jobs::validate,
};
use entity::ItemStatus;
use serde_json::Value;
use std::collections::HashSet;

/// Maximum number of item reports per call.
const MAX_ITEM_REPORTS: usize = 1000;

/// Report of a worker on one item. The key names the item, or the position where keys repeat; an
/// unknown key creates a new item.
#[derive(Clone, Debug)]
pub struct ItemReport {
    pub key: Option<String>,
    pub idx: Option<i32>,
    pub status: ItemStatus,
    pub result: Option<Value>,
    pub error: Option<String>,
}

/// Returns the approximate size of the reports, in bytes.
pub(in crate::jobs) fn weight(reports: &[ItemReport]) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let report = |report: &ItemReport| {
        256 + text(&report.key) + text(&report.error) + report.result.as_ref().map_or(0, weight_of)
    };
    reports.iter().map(report).sum()
}

/// Returns the keys and positions of the reported items.
pub(in crate::jobs) fn named(reports: &[ItemReport]) -> Items {
    Items::Named {
        keys: reports
            .iter()
            .filter(|r| r.idx.is_none())
            .filter_map(|r| r.key.clone())
            .collect(),
        indexes: reports.iter().filter_map(|r| r.idx).collect(),
    }
}

pub(in crate::jobs) fn check(reports: &[ItemReport]) -> Result<()> {
    let mut checks = validate::Checks::default();
    if reports.is_empty() || reports.len() > MAX_ITEM_REPORTS {
        checks.fail(
            "/items",
            "out_of_range",
            format!("Report 1 to {MAX_ITEM_REPORTS} items a call."),
        );
    }
    let mut keys = HashSet::new();
    for (i, report) in reports.iter().enumerate() {
        if checks.is_full() {
            break;
        }
        match (&report.key, report.idx) {
            (None, None) => checks.fail(
                format_args!("/items/{i}"),
                "nothing_given",
                "Name the item by its key or idx.",
            ),
            (Some(key), None) if !keys.insert(key) => return Err(twice(i)),
            _ => {}
        }
        if let Some(key) = &report.key {
            checks.name(format_args!("/items/{i}/key"), key, validate::MAX_KEY_CHARS);
        }
        checks.range(format_args!("/items/{i}/idx"), report.idx, 0, i32::MAX);
        checks.text(
            format_args!("/items/{i}/error"),
            report.error.as_deref(),
            usize::MAX,
        );
        if let Some(result) = &report.result {
            checks.json(format_args!("/items/{i}/result"), result);
        }
    }
    checks.finish()
}

/// Error of a report on an item that an earlier one of the call names.
pub(super) fn twice(i: usize) -> Error {
    let detail = "The call reports this item twice: report each item once per call.";
    Error::ItemConflict(FieldError::at(
        format!("/items/{i}"),
        "duplicate_key",
        detail,
    ))
}
