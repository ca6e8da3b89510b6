//! Guesses what the fields of an unknown store mean, by their names. The guess is only proposed:
//! the user sees it and decides.

mod names;

use super::{names::id_text, times};
use chrono_tz::Tz;
use names::NAMES;
use serde_json::{Map, Value};

/// Proposed meaning of a field.
pub struct Guess {
    pub field: String,
    pub target: &'static str,
}

/// Whether an object looks like a job: it has an id or a time, and a status, or many of the usual
/// names.
pub fn looks_like_a_job(record: &Map<String, Value>) -> bool {
    let all = guesses([record]);
    let has = |target: &str| all.iter().any(|guess| guess.target == target);
    has("status") && all.len() > 1 && (has("job_id") || has("created_at") || all.len() > 2)
}

/// Proposes a meaning for the fields of the records, at most one for each field of a job.
pub fn guesses<'a>(records: impl IntoIterator<Item = &'a Map<String, Value>>) -> Vec<Guess> {
    let mut fields = Vec::<(&str, Vec<&Value>)>::new();
    for record in records {
        for (name, value) in record.iter().filter(|(_, value)| !value.is_null()) {
            match fields.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value),
                None => fields.push((name, vec![value])),
            }
        }
    }
    let mut found = Vec::<Guess>::new();
    for (target, names) in NAMES {
        let plain = |name: &str| -> String {
            let letters = name
                .chars()
                .filter(|c| !matches!(c, '_' | '-' | ' ') || name == "_id");
            letters.map(|c| c.to_ascii_lowercase()).collect()
        };
        let fits = |(name, values): &&(&str, Vec<&Value>)| {
            let taken = found.iter().any(|guess| guess.field == *name);
            !taken && values.iter().all(|value| is_possible(target, value))
        };
        let field = names.iter().find_map(|known| {
            let named = |(name, _): &&(&str, Vec<&Value>)| plain(name) == *known;
            fields.iter().filter(named).find(fits)
        });
        if let Some((field, _)) = field {
            found.push(Guess {
                field: (*field).to_owned(),
                target,
            });
        }
    }
    found
}

/// Whether a field of a job can have this value.
fn is_possible(target: &str, value: &Value) -> bool {
    match target {
        "job_id" => id_text(value).is_some() || value.get("$oid").is_some(),
        "status" => value.is_string() || value.is_number(),
        "progress" => value.is_number() || value.is_string(),
        "request" | "result" => {
            value.is_object() || value.as_str().is_some_and(|text| text.starts_with('{'))
        }
        "items" => value.is_array() || value.is_object(),
        target if target.ends_with("_at") => times::read(value, Tz::UTC, None).is_some(),
        _ => value.is_string() || value.is_number(),
    }
}

#[cfg(test)]
mod tests;
