//! draftmaker: Firestore documents, each a job with a list of UPCs, in the format of the client,
//! the REST API or the admin export; and the dict that preceded Firestore. Times without a zone are
//! UTC. `checkpoints` has the outcome of each UPC; `results` and the counters cover only the last
//! session.

mod upcs;

use super::{Context, Source, SourceKind, count_of, firestore, has_type, knows};
use crate::import::{
    fields::{Fields, text_of},
    names,
    record::{ItemScope, Record},
    reject::Reject,
    status,
    times::{self, Zone},
};
use chrono_tz::Tz;
use entity::{ItemStatus, JobStatus};
use serde_json::{Map, Value};

pub struct Draftmaker;

/// Names in the older dict and in the schema that was only designed, and their names in the
/// documents.
const NAMES: [(&str, &str); 8] = [
    ("total_items", "total_upcs"),
    ("processed_items", "processed_upcs"),
    ("successful", "successful_upcs"),
    ("successful_items", "successful_upcs"),
    ("failed", "failed_upcs"),
    ("failed_items", "failed_upcs"),
    ("input_source", "gcs_path"),
    ("results_summary", "results"),
];
/// Names of the store beside `gcs_path`, which any program with a bucket may have.
const BESIDE_PATH: [&str; 6] = [
    "results",
    "create_drafts",
    "test_mode",
    "successful",
    "failed",
    "checkpoints",
];
/// Names of the schema that was only designed, beside `successful_items`.
const DESIGNED: [&str; 5] = [
    "input_source",
    "input_data",
    "results_summary",
    "error_log",
    "created_by",
];
const REQUEST: [&str; 4] = ["gcs_path", "create_drafts", "test_mode", "input_data"];

impl Source for Draftmaker {
    fn name(&self) -> &'static str {
        "draftmaker"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "job_id",
            "status",
            "gcs_path",
            "total_upcs",
            "processed_upcs",
            "successful_upcs",
            "failed_upcs",
            "last_processed_index",
            "create_drafts",
            "test_mode",
            "created_at",
            "updated_at",
            "started_at",
            "completed_at",
            "error",
            "results",
            "failed_upc_list",
            "checkpoints",
            "recovery_attempts",
            "recovery_history",
            "cleanup_notes",
            // Fields of a document in the format of the REST API.
            "name",
            "fields",
            "document",
            "createTime",
            "updateTime",
            "readTime",
        ]
    }

    fn recognises(&self, record: &Map<String, Value>) -> bool {
        let record = firestore::fields(record).unwrap_or(record);
        let upcs = [
            "total_upcs",
            "processed_upcs",
            "successful_upcs",
            "failed_upc_list",
        ];
        count_of(record, &upcs) > 0
            || (knows(record, "gcs_path")
                && count_of(record, &BESIDE_PATH) > 0
                && !has_type(record))
            || (knows(record, "successful_items") && count_of(record, &DESIGNED) > 0)
    }

    fn arrange(&self, record: &mut Map<String, Value>, _: &[u8]) {
        let Some(fields) = firestore::fields(record) else {
            return;
        };
        let mut plain = firestore::plain(fields);
        if let Some(id) = firestore::id(record) {
            plain.entry("job_id").or_insert_with(|| id.into());
        }
        *record = plain;
    }

    fn read(
        &self,
        key: Option<&str>,
        record: Map<String, Value>,
        context: &Context,
    ) -> Result<Record, Reject> {
        let mut fields = Fields::new(record);
        NAMES.iter().for_each(|(old, new)| fields.rename(old, new));
        let id = names::take_id(&mut fields, key)?;
        let status = status::take(&mut fields, &context.words)?;
        let zone = begun(&mut fields, context.zone);
        let times = times::take(&mut fields, zone)?;
        let (summary, results) = results(&mut fields);
        let items = upcs::items(&mut fields, results);
        let error = fields.words("error");
        let (status, error) = unless_it_failed(status, error, summary.as_ref(), &mut fields);
        let total = fields.whole("total_upcs");
        let done = |status: ItemStatus| items.iter().filter(|item| item.status == status).count();
        let (mut progress, mut completed) = (None, None);
        if items.is_empty() {
            completed = fields.whole("successful_upcs");
            let processed = fields.look("processed_upcs").and_then(Value::as_f64);
            progress = processed
                .zip(total.filter(|total| *total > 0))
                .map(|(n, total)| share(n, total));
        } else {
            fields.recount("processed_upcs", items.len());
            fields.recount("successful_upcs", done(ItemStatus::Completed));
            fields.recount("failed_upcs", done(ItemStatus::Failed));
        }
        // Only the schema that was designed has a type.
        let own = fields.text("type");
        let job_type = match own {
            Some(own) => names::job_type(Some(own), None, None)?,
            None => SourceKind::Draftmaker.name().to_owned(),
        };
        let request: Map<_, _> = REQUEST
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), fields.take(name)?)))
            .collect();
        Ok(Record {
            job_type,
            content: text_of(&request, "gcs_path"),
            request_data: (!request.is_empty()).then_some(request),
            progress,
            result: summary,
            error,
            total_shots: total,
            completed_shots: completed,
            items,
            listed: ItemScope::SoFar,
            legacy: fields.finish(),
            ..Record::bare(SourceKind::Draftmaker, id, status, times)
        })
    }
}

/// Progress in percent, from 0 to 100.
fn share(done: f64, total: i64) -> f64 {
    (done / total as f64 * 100.0).clamp(0.0, 100.0)
}

/// Fills in the times of the older dict, which has only the beginning and the end, in the server's
/// zone. Returns the zone of times without one.
fn begun(fields: &mut Fields, local: Tz) -> Zone {
    if fields.look("created_at").is_some() || fields.look("updated_at").is_some() {
        return Zone::Utc;
    }
    for (name, like) in [
        ("created_at", ["started_at", "completed_at"]),
        ("updated_at", ["completed_at", "started_at"]),
    ] {
        if let Some(time) = like.iter().find_map(|like| fields.look(like).cloned()) {
            fields.give(name, time);
        }
    }
    Zone::Local(local)
}

/// Separates the summary from the results of single UPCs, which are a list while the job runs, and
/// part of the summary after its end.
fn results(fields: &mut Fields) -> (Option<Map<String, Value>>, Option<Value>) {
    match fields.take("results") {
        Some(Value::Object(mut summary)) => {
            let results = summary
                .remove("results")
                .filter(|results| !results.is_null());
            ((!summary.is_empty()).then_some(summary), results)
        }
        results => (None, results),
    }
}

/// Corrects the status of a completed job whose result reports no success: the store calls a run
/// that found nothing to do completed.
fn unless_it_failed(
    status: (JobStatus, String),
    error: Option<String>,
    summary: Option<&Map<String, Value>>,
    fields: &mut Fields,
) -> ((JobStatus, String), Option<String>) {
    let failed = summary.filter(|summary| summary.get("success") == Some(&Value::Bool(false)));
    match failed {
        Some(summary) if status.0 == JobStatus::Completed => {
            fields
                .legacy
                .repaired("status", "failed_as_its_result_tells");
            (
                (JobStatus::Failed, status.1),
                error.or_else(|| text_of(summary, "error")),
            )
        }
        _ => (status, error),
    }
}

#[cfg(test)]
mod tests;
