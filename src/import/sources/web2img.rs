//! web2img: one JSON file per job. Times are seconds since 1970; the job's configuration contains
//! secrets; progress is that of the items, whose input the store never wrote.

mod item_list;
mod order;
mod recurrence;
mod shape;

use super::{Context, Source, SourceKind};
use crate::{
    import::{
        fields::Fields,
        names,
        record::Record,
        reject::Reject,
        status,
        times::{self, Zone},
    },
    lifecycle::is_terminal,
};
use chrono_tz::Tz;
use entity::JobStatus;
use item_list::{as_the_items_tell, counted, listed};
use serde_json::{Map, Value};

pub struct Web2img;

/// Priorities of the store and of Callsheet, where 0 is the default.
const PRIORITIES: [(&str, i16); 3] = [("high", 10), ("normal", 0), ("low", -10)];

impl Source for Web2img {
    fn name(&self) -> &'static str {
        "web2img"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "job_id",
            "items",
            "config",
            "status",
            "created_at",
            "updated_at",
            "completed_at",
            "total_processing_time",
            "start_time",
            "priority",
            "scheduled_time",
            "recurrence_pattern",
            "recurrence_interval",
            "recurrence_count",
            "recurrence_cron",
            "next_scheduled_time",
            "parent_job_id",
        ]
    }

    fn recognises(&self, record: &Map<String, Value>) -> bool {
        shape::is_record(record) || shape::is_answer(record)
    }

    /// Adds `user_id`, which is the API key of the request.
    fn secrets(&self) -> &'static [&'static str] {
        &["user_id"]
    }

    /// Converts the items, an object by id, to a list in the order of the text.
    fn arrange(&self, record: &mut Map<String, Value>, raw: &[u8]) {
        if let Some(Value::Object(items)) = record.get_mut("items")
            && let Some(listed) = order::in_order(items, raw)
        {
            record.insert("items".into(), listed);
        }
    }

    fn read(
        &self,
        key: Option<&str>,
        record: Map<String, Value>,
        context: &Context,
    ) -> Result<Record, Reject> {
        let mut fields = Fields::new(record);
        // The answer with the results of a job calls its items so, and has no time.
        if fields.look("items").is_none() {
            fields.rename("results", "items");
            give_time(&mut fields, context);
        }
        let id = names::take_id(&mut fields, key)?;
        let status = status::take(&mut fields, &context.words)?;
        fields.rename("start_time", "started_at");
        let times = times::take(&mut fields, Zone::Utc)?;
        let items = listed(&mut fields, &context.words)?;
        let (total, completed) = counted(&mut fields, &items);
        let run_at = fields
            .look("scheduled_time")
            .and_then(|time| times::read(time, Tz::UTC, None));
        let priority = fields.text("priority").and_then(|word| {
            let known = PRIORITIES.iter().find(|(name, _)| *name == word);
            known
                .map(|(_, priority)| *priority)
                .or_else(|| fields.keep_odd("priority", &word))
        });
        let status = as_the_items_tell(status, &items, &mut fields);
        let config = fields.object("config").filter(|config| !config.is_empty());
        // When a job ends, web2img makes another one, in a file of its own, with the recurrence.
        let schedule = (!is_terminal(status.0))
            .then(|| {
                let (config, created) = (config.as_ref(), times.created);
                let priority = priority.unwrap_or(0);
                recurrence::schedule_of(&fields, &id, config, priority, created)
            })
            .flatten();
        Ok(Record {
            request_data: config,
            schedule: schedule.map(Box::new),
            priority: priority.unwrap_or(0),
            run_at: run_at.filter(|_| status.0 == JobStatus::Queued),
            progress: total
                .filter(|total| items.is_empty() && *total > 0)
                .map(|total| completed.unwrap_or(0) as f64 / total as f64 * 100.0)
                .map(|progress| progress.clamp(0.0, 100.0)),
            total_shots: total.filter(|_| items.is_empty()),
            completed_shots: completed.filter(|_| items.is_empty()),
            items,
            legacy: fields.finish(),
            ..Record::bare(SourceKind::Web2img, id, status, times)
        })
    }
}

/// Gives a record without any time that of its file.
fn give_time(fields: &mut Fields, context: &Context) {
    let times = ["created_at", "updated_at", "start_time", "completed_at"];
    if let Some(time) = context.time_instead_of(&times, fields) {
        fields.give("updated_at", time);
        fields
            .legacy
            .repaired("updated_at", "time_taken_from_the_file");
    }
}

#[cfg(test)]
mod tests;
