//! Approximate size of values in memory and in responses. The limit for waiting writes uses it.

use entity::{job, job_item};
use serde::Serialize;
use serde_json::{Map, Value};
use std::io;

pub fn weight_of(json: &Value) -> usize {
    let inside = match json {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(weight_of).sum(),
        Value::Object(members) => weight_of_members(members),
        _ => 0,
    };
    size_of::<Value>() + inside
}

pub fn weight_of_members(members: &Map<String, Value>) -> usize {
    members
        .iter()
        .map(|(name, value)| 64 + name.len() + weight_of(value))
        .sum()
}

/// Approximate bytes of a job in a response apart from its long values, and those of an item.
const JOB_BYTES: usize = 1600;
const ITEM_BYTES: usize = 400;

/// Approximate bytes of a job in a response.
pub fn written_job(job: &job::Model) -> usize {
    let texts = [
        &job.content,
        &job.user_requirement,
        &job.error_message,
        &job.mode,
        &job.style,
        &job.project_title,
        &job.working_dir,
        &job.current_stage,
        &job.source_status,
    ];
    let documents = [
        &job.request_data,
        &job.context,
        &job.result_data,
        &job.labels,
        &job.webhook,
    ];
    JOB_BYTES
        + texts.into_iter().map(written).sum::<usize>()
        + documents.into_iter().map(written).sum::<usize>()
}

/// Approximate bytes of an item in a response.
pub fn written_item(item: &job_item::Model) -> usize {
    ITEM_BYTES
        + written(&item.key)
        + written(&item.input)
        + written(&item.result)
        + written(&item.error)
}

/// Bytes of a value as JSON.
fn written(value: &impl Serialize) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}
