//! Compares an export with the truth about a sample: an expectation a field, in the forms of the
//! truth files.

use chrono::DateTime;
use serde_json::{Value, json};
use std::path::Path;

/// Every difference, in words; empty when the export is right.
pub fn differences(truth: &Path, exported: &[Value]) -> Vec<String> {
    let truth = read(truth);
    let expected = truth["jobs"].as_object().unwrap();
    let mut found = Vec::new();
    let text = Value::from(exported).to_string();
    let leaks = listed(&truth, "secrets_must_not_appear").filter(|secret| text.contains(secret));
    found.extend(leaks.map(|secret| format!("the secret {secret} is exported")));
    for job in exported {
        let id = job["job_id"].as_str().unwrap();
        match expected.get(id) {
            Some(fields) => found.extend(of_job(id, fields, job)),
            None if listed(&truth, "allowed_extra_ids").any(|allowed| allowed == id) => {}
            None => found.push(format!("{id}: not expected")),
        }
    }
    let left_out = |id: &str| listed(&truth, "unimportable_allowed").any(|allowed| allowed == id);
    let missing =
        |id: &&String| !exported.iter().any(|job| job["job_id"] == id.as_str()) && !left_out(id);
    found.extend(
        expected
            .keys()
            .filter(missing)
            .map(|id| format!("{id}: missing")),
    );
    found
}

pub fn read(truth: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(truth).unwrap()).unwrap()
}

/// The texts of a list in the truth; it may lack the list.
pub fn listed<'a>(truth: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    truth
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|text| text.as_str().unwrap())
}

fn of_job(id: &str, fields: &Value, job: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (field, expectation) in fields.as_object().unwrap() {
        if field == "items" {
            found.extend(of_items(id, expectation.as_array().unwrap(), &job["items"]));
        } else if field == "gcs_path" {
            if !job
                .to_string()
                .contains(expectation["eq"].as_str().unwrap())
            {
                found.push(format!("{id}: {expectation} stands nowhere in the record"));
            }
        } else if expectation.is_object() {
            let got = value_of(job, field);
            if !holds(expectation, &got) {
                found.push(format!("{id}: {field}: want {expectation}, got {got}"));
            }
        }
    }
    found
}

fn of_items(id: &str, wanted: &[Value], got: &Value) -> Vec<String> {
    let got = got.as_array().unwrap();
    if wanted.len() != got.len() {
        return vec![format!(
            "{id}: {} items instead of {}",
            got.len(),
            wanted.len()
        )];
    }
    let key_of = |want: &Value| {
        let key = want["key"].as_str();
        key.map_or_else(|| want["key"].to_string(), str::to_owned)
    };
    // The truth names the keys of the store; the importer numbers those that repeat.
    let numbered = |at: usize| {
        let key = key_of(&wanted[at]);
        match wanted[..=at]
            .iter()
            .filter(|want| key_of(want) == key)
            .count()
        {
            1 => key,
            n => format!("{key}.{n}"),
        }
    };
    let right = |(at, (want, got)): &(usize, (&Value, &Value))| {
        let key = numbered(*at);
        let status = want["status_any_of"]
            .as_array()
            .unwrap()
            .contains(&got["status"]);
        got["key"] == key && status && want.get("error").is_none_or(|error| *error == got["error"])
    };
    let pairs = wanted.iter().zip(got).enumerate();
    pairs
        .filter(|pair| !right(pair))
        .map(|(_, (want, got))| format!("{id}: want item {want}, got {got}"))
        .collect()
}

/// The exported value for a name of the truth.
fn value_of(job: &Value, field: &str) -> Value {
    let name = match field {
        "total_items" => "total_shots",
        "completed_items" => "completed_shots",
        "title" => "project_title",
        "items_count" => return json!(job["items"].as_array().unwrap().len()),
        "result_path" => {
            let of = |name: &str| {
                job["result"]
                    .get(name)
                    .cloned()
                    .filter(|path| !path.is_null())
            };
            return of("video_path")
                .or_else(|| of("final_video_path"))
                .unwrap_or_default();
        }
        name => name,
    };
    job.get(name)
        .cloned()
        .unwrap_or_else(|| panic!("the export has no {name}"))
}

fn holds(expectation: &Value, got: &Value) -> bool {
    let (form, wanted) = expectation
        .as_object()
        .unwrap()
        .iter()
        .find(|(form, _)| *form != "note")
        .unwrap();
    let any = |test: fn(&Value, &Value) -> bool| {
        wanted
            .as_array()
            .unwrap()
            .iter()
            .any(|wanted| test(wanted, got))
    };
    let text = || (wanted.as_str().unwrap(), got.as_str().unwrap_or_default());
    match form.as_str() {
        "any" => true,
        "eq" => same(wanted, got),
        "any_of" => any(same),
        "ts" => same_time(wanted, got),
        "ts_any_of" => any(same_time),
        "startswith" => text().1.starts_with(text().0),
        "contains" => text().1.contains(text().0),
        form => panic!("unknown expectation {form}"),
    }
}

fn same(wanted: &Value, got: &Value) -> bool {
    match (wanted.as_f64(), got.as_f64()) {
        (Some(wanted), Some(got)) => (wanted - got).abs() <= 0.01,
        _ => wanted == got,
    }
}

fn same_time(wanted: &Value, got: &Value) -> bool {
    let micros = |value: &Value| {
        Some(
            DateTime::parse_from_rfc3339(value.as_str()?)
                .unwrap()
                .timestamp_micros(),
        )
    };
    match (micros(wanted), micros(got)) {
        (Some(wanted), Some(got)) => (wanted - got).abs() <= 1500,
        (wanted, got) => wanted == got,
    }
}

#[test]
fn the_comparison_finds_what_is_wrong() {
    assert!(holds(
        &json!({"ts": "2025-01-01T00:00:00Z"}),
        &json!("2025-01-01T00:00:00.001000Z")
    ));
    assert!(!holds(
        &json!({"ts": "2025-01-01T00:00:00Z"}),
        &json!("2025-01-01T01:00:00Z")
    ));
    assert!(!holds(&json!({"ts": "2025-01-01T00:00:00Z"}), &json!(null)));
    assert!(holds(
        &json!({"ts_any_of": [null, "2025-01-01T00:00:00Z"]}),
        &json!(null)
    ));
    assert!(!holds(&json!({"any_of": [0, null]}), &json!(1)));
    assert!(!holds(&json!({"startswith": "left"}), &json!("right")));
    assert!(
        !of_items(
            "a",
            &[json!({"key": 0, "status_any_of": ["failed"]})],
            &json!([{"key": "0", "status": "pending"}])
        )
        .is_empty()
    );
}
