//! Records made of the values of a key: a hash, a JSON text, clips and a failure to start.

use crate::import::{
    fields::LAST_COUNTS,
    legacy::Repair,
    read::sink::{RecordSink, piece},
    reject::{Reason, Reject},
    repair,
    report::Position,
    sources::topclip,
};
use redis::Value;
use serde_json::Map;

/// Hands on a job with its clips and its failure to start. Returns false when the reader should
/// stop.
pub fn job(
    id: &str,
    [hash, json, clips, progress, older]: [&Value; 5],
    sink: &mut RecordSink,
) -> bool {
    let key = format!("job:{id}");
    let record = match (members(hash, &mut sink.mended), json) {
        (None, Value::BulkString(json)) => of_json(json, sink),
        (members, _) => members,
    };
    let Some(mut record) = record else {
        return text(&key, json, sink);
    };
    record.entry("job_id").or_insert_with(|| id.into());
    if let Some(progress) = members(progress, &mut sink.mended) {
        record.insert("job_progress".into(), progress.into());
    }
    let mut unread = Vec::new();
    for (place, clips) in [("clips", clips), ("job_clips", older)] {
        let Value::BulkString(json) = clips else {
            unread.extend((*clips != Value::Nil).then_some((place, &[][..])));
            continue;
        };
        // Older clips replace missing newer ones; if both exist, the record keeps both.
        let there = record
            .get("clips")
            .and_then(|clips| clips.as_array())
            .is_some_and(|clips| !clips.is_empty());
        match topclip::clips(json) {
            Some((clips, repairs)) => {
                sink.mended.extend(repairs);
                record.insert(if there { place } else { "clips" }.into(), clips.into());
            }
            None => unread.push((place, json.as_slice())),
        }
    }
    let detail = "The clips of this job are not a JSON list; the job was imported without them.";
    sink.take_record(&key, record)
        && unread.into_iter().all(|(place, json)| {
            sink.reject(
                Position::Key(format!("{place}:{id}")),
                json,
                Reject::new(Reason::MalformedJson, detail),
            )
        })
}

/// Parses a JSON object into its members. The sink receives the repairs.
fn of_json(json: &[u8], sink: &mut RecordSink) -> Option<Map<String, serde_json::Value>> {
    let repair::Read {
        value,
        rules,
        repeated,
        ..
    } = repair::read(json).ok().filter(|read| !read.too_deep)?;
    let serde_json::Value::Object(members) = value else {
        return None;
    };
    let repeated = repeated.into_iter().map(|field| Repair {
        field,
        rule: LAST_COUNTS,
    });
    sink.mended.extend(
        rules
            .into_iter()
            .map(|rule| Repair {
                field: String::new(),
                rule,
            })
            .chain(repeated),
    );
    Some(members)
}

/// Rejects clips whose job does not exist. Returns false when the reader should stop.
pub fn orphan(key: String, clips: &[u8], sink: &mut RecordSink) -> bool {
    let detail = "These are clips of a job that does not exist.";
    sink.reject(
        Position::Key(key),
        clips,
        Reject::new(Reason::Orphan, detail),
    )
}

/// Hands on a job of which the store kept only its failure to start.
pub fn progress_alone(id: &str, progress: &Value, sink: &mut RecordSink) -> bool {
    let Some(mut record) = members(progress, &mut sink.mended) else {
        return true;
    };
    record.entry("job_id").or_insert_with(|| id.into());
    sink.take_record(&format!("job_progress:{id}"), record)
}

/// Hands on a record that is a JSON text, and rejects a key that is neither that nor a hash. A key
/// that has expired meanwhile is skipped.
pub fn text(key: &str, answer: &Value, sink: &mut RecordSink) -> bool {
    match answer {
        Value::Nil => true,
        Value::BulkString(json) => {
            sink.take(piece(Position::Key(key.to_owned()), json.clone(), Ok(())))
        }
        _ => {
            let detail = "The key holds neither a hash nor a string.";
            sink.reject(
                Position::Key(key.to_owned()),
                [],
                Reject::new(Reason::WrongType, detail),
            )
        }
    }
}

/// Returns the members of a hash; `None` when there is none. Adds the members that were not UTF-8
/// to `mended`.
fn members(answer: &Value, mended: &mut Vec<Repair>) -> Option<Map<String, serde_json::Value>> {
    let text = |value: &Value| match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    };
    let is_text = |value: &Value| !matches!(value, Value::BulkString(bytes) if std::str::from_utf8(bytes).is_err());
    let mut members = Map::new();
    for (name, value) in answer.as_map_iter()? {
        let whole = is_text(name) && is_text(value);
        let (Some(name), Some(value)) = (text(name), text(value)) else {
            continue;
        };
        if !whole {
            mended.push(Repair {
                field: name.clone(),
                rule: "invalid_utf8_replaced",
            });
        }
        members.insert(name, value.into());
    }
    (!members.is_empty()).then_some(members)
}
