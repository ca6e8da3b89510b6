//! topclip: jobs in Redis, each a hash or a JSON text, with its clips under a second key and its
//! failure to start under a third. Times are local without a zone; progress is in percent; the
//! message is the only field for an error.

use super::{Context, Source, SourceKind, count_of, has, has_type, items, knows};
use crate::import::{
    fields::{Fields, LAST_COUNTS},
    legacy::Repair,
    names, progress,
    record::{Item, ItemScope, Record},
    reject::Reject,
    repair, status,
    times::{self, Zone},
};
use chrono_tz::Tz;
use entity::{ItemStatus, JobStatus};
use serde_json::{Map, Number, Value};

pub struct Topclip;

/// Prefixes of the keys of jobs in Redis.
const KEYS: [&str; 2] = ["job:", "job_progress:"];
/// Texts that mean a missing value: Redis holds only texts, and the client wrote Python's None as
/// one.
const NOTHING: [&str; 2] = ["", "None"];
const NUMBERS: [&str; 5] = [
    "progress",
    "clips_count",
    "total_clips",
    "current_clip",
    "estimated_time_remaining",
];
const REQUEST: [&str; 4] = ["youtube_url", "options", "assemblyai_options", "video_file"];
const CLIP: [&str; 14] = [
    "filename",
    "title",
    "duration",
    "start_time",
    "end_time",
    "score",
    "hook_title",
    "thumbnail_url",
    "download_url",
    "engagement_score",
    "viral_potential",
    "serialization_error",
    "fallback_reason",
    "error_type",
];

impl Source for Topclip {
    fn name(&self) -> &'static str {
        "topclip"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "job_id",
            "status",
            "progress",
            "message",
            "created_at",
            "updated_at",
            "current_step",
            "estimated_time_remaining",
            "user_id",
            "plan",
            "youtube_url",
            "clips",
            "clips_count",
        ]
    }

    fn recognises(&self, record: &Map<String, Value>) -> bool {
        let own = ["clips_count", "total_clips", "current_clip"];
        let together = [
            "clips",
            "current_step",
            "estimated_time_remaining",
            "youtube_url",
            "plan",
        ];
        has(record, "status")
            && !has_type(record)
            && !knows(record, "mode")
            && (count_of(record, &own) > 0 || count_of(record, &together) > 1)
    }

    fn read(
        &self,
        key: Option<&str>,
        mut record: Map<String, Value>,
        context: &Context,
    ) -> Result<Record, Reject> {
        record.retain(|_, value| !value.as_str().is_some_and(|text| NOTHING.contains(&text)));
        for name in NUMBERS {
            record.get_mut(name).into_iter().for_each(read_number);
        }
        let mut fields = Fields::new(record);
        fields.rename("id", "job_id");
        fields.rename("total_clips", "clips_count");
        let key = key.map(|key| {
            KEYS.iter()
                .find_map(|beginning| key.strip_prefix(beginning))
                .unwrap_or(key)
        });
        let id = names::take_id(&mut fields, key)?;
        failed_to_start(&mut fields, context.zone);
        let status = status::take(&mut fields, &context.words)?;
        let times = times::take(&mut fields, Zone::Local(context.zone))?;
        let items = made(&mut fields);
        let request: Map<_, _> = REQUEST
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), fields.take(name)?)))
            .collect();
        Ok(Record {
            content: request
                .get("youtube_url")
                .and_then(Value::as_str)
                .map(str::to_owned),
            request_data: (!request.is_empty()).then_some(request),
            progress: progress::take(&mut fields, progress::Scale::Percent),
            current_stage: fields.text("current_step"),
            error: error(&mut fields, status.0),
            total_shots: fields.whole("clips_count"),
            items,
            listed: ItemScope::Outputs,
            legacy: fields.finish(),
            ..Record::bare(SourceKind::Topclip, id, status, times)
        })
    }
}

fn read_number(value: &mut Value) {
    let number = value.as_str().and_then(|text| {
        let text = text.trim();
        let whole = text.parse::<i64>().ok().map(Number::from);
        whole.or_else(|| Number::from_f64(text.parse().ok()?))
    });
    if let Some(number) = number {
        *value = number.into();
    }
}

/// Applies a failure to start, which the store wrote under another key, without changing the job.
fn failed_to_start(fields: &mut Fields, zone: Tz) {
    let Some(Value::Object(job_progress)) = fields.look("job_progress") else {
        return;
    };
    let job_progress = job_progress.clone();
    let open = |fields: &Fields| {
        let status = status::known(fields.look("status"));
        matches!(status, Some(JobStatus::Queued | JobStatus::Processing))
    };
    let failed = status::known(job_progress.get("status")) == Some(JobStatus::Failed);
    let time = |value: Option<&Value>| times::read(value?, zone, None);
    let later = time(job_progress.get("updated_at")) >= time(fields.look("updated_at"));
    if failed && later && open(fields) {
        fields.take("job_progress");
        for (name, value) in job_progress {
            if name != "job_id" && name != "progress" {
                fields.replace(&name, value);
            }
        }
        fields
            .legacy
            .repaired("status", "failed_as_its_progress_tells");
    }
}

/// Error of a failed job, which may be in its message after `Error: `.
fn error(fields: &mut Fields, status: JobStatus) -> Option<String> {
    let error = fields.words("error");
    if status != JobStatus::Failed || error.is_some() {
        return error;
    }
    let message = fields.words("message")?;
    Some(
        message
            .strip_prefix("Error: ")
            .unwrap_or(&message)
            .to_owned(),
    )
}

fn made(fields: &mut Fields) -> Vec<Item> {
    let Some(clips) = fields.json("clips") else {
        return Vec::new();
    };
    match items::objects(clips) {
        Ok(clips) => clips
            .into_iter()
            .enumerate()
            .map(|(position, clip)| part(position, clip))
            .collect(),
        Err(other) => {
            fields
                .legacy
                .repair("clips", "wrong_type_kept_aside", other);
            Vec::new()
        }
    }
}

fn part(position: usize, clip: Map<String, Value>) -> Item {
    let key = clip
        .get("filename")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty());
    let key = key.map_or_else(|| position.to_string(), str::to_owned);
    let broken = has(&clip, "error") && !has(&clip, "download_url");
    let status = if broken {
        ItemStatus::Failed
    } else {
        ItemStatus::Completed
    };
    items::part(key, status, clip, &[], &CLIP)
}

/// Parses the value of a key `clips:…`: a list, or an object with one. Returns the clips and their
/// repairs; `None` when it is neither.
pub fn clips(json: &[u8]) -> Option<(Vec<Value>, Vec<Repair>)> {
    let read = repair::read(json).ok().filter(|read| !read.too_deep)?;
    let rules = read
        .rules
        .into_iter()
        .chain(read.repeated.iter().map(|_| LAST_COUNTS));
    let repairs = rules
        .map(|rule| Repair {
            field: "clips".to_owned(),
            rule,
        })
        .collect();
    match read.value {
        Value::Array(clips) => Some((clips, repairs)),
        Value::Object(mut members) => match members.remove("clips")? {
            Value::Array(clips) => Some((clips, repairs)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests;
