//! Calls of older services: each request of `tests/data/legacy/calls.json` gets the answer that the
//! service gave, and jobs of its store are shown as the store has them.

use super::{
    answer::Answer,
    face::{Api, call},
};
use crate::import::dump::{import_all, sample};
use callsheet::import::Options;
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Values that an answer gave, by the names that later requests use.
type Known = BTreeMap<String, Value>;

fn fill(text: &str, known: &Known) -> String {
    known.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("<{name}>"), value.as_str().unwrap_or_default())
    })
}

/// Whether a text has the form that the word names.
fn has_form(form: &str, text: &str) -> bool {
    let like = |pattern: &str| {
        let same = |(p, t): (char, char)| if p == '0' { t.is_ascii_digit() } else { p == t };
        pattern.len() == text.len() && pattern.chars().zip(text.chars()).all(same)
    };
    match form {
        "<id>" => !text.is_empty(),
        "<text>" => true,
        "<naive>" => like("0000-00-00T00:00:00") || like("0000-00-00T00:00:00.000000"),
        "<zulu>" => like("0000-00-00T00:00:00Z") || like("0000-00-00T00:00:00.000000Z"),
        _ => false,
    }
}

/// Compares an answer with the recorded one, in which `<naive>` and such stand for any text of that
/// form; `<keep:NAME>` keeps the value for later requests.
fn compare(expected: &Value, got: &Value, place: &str, known: &mut Known) {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            let names = |of: &Map<String, Value>| of.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(got), names(expected), "{place}");
            for (name, value) in expected {
                compare(value, &got[name], &format!("{place}/{name}"), known);
            }
        }
        (Value::Array(expected), Value::Array(got)) => {
            assert_eq!(got.len(), expected.len(), "{place}");
            for (i, (expected, got)) in expected.iter().zip(got).enumerate() {
                compare(expected, got, &format!("{place}/{i}"), known);
            }
        }
        (Value::String(form), got) if form.starts_with("<keep:") => {
            let name = form.trim_start_matches("<keep:").trim_end_matches('>');
            known.insert(name.to_owned(), got.clone());
        }
        (Value::String(form), Value::String(got)) if has_form(form, got) => {}
        (Value::String(text), Value::String(got)) => assert_eq!(*got, fill(text, known), "{place}"),
        _ => assert_eq!(got, expected, "{place}"),
    }
}

#[on_both]
async fn recorded_calls_of_older_services_get_the_answers_of_then(api: Api) {
    let text = include_str!("../data/legacy/calls.json");
    let calls: Vec<Value> = serde_json::from_str(text).unwrap();
    let mut known = Known::new();
    known.insert("series".into(), json!(api.series("Night trains").await));
    for (i, one) in calls.iter().enumerate() {
        let path = fill(one["path"].as_str().unwrap(), &known);
        let method: Method = one["method"].as_str().unwrap().parse().unwrap();
        let mut request = api.request(method.clone(), &path);
        if !one["body"].is_null() {
            let body = fill(&one["body"].to_string(), &known);
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let answer = call(request).await;
        let place = format!("{i}: {method} {path}");
        assert_eq!(
            json!(answer.status),
            one["status"],
            "{place}: {}",
            answer.text()
        );
        assert_eq!(answer.header("deprecation"), Some("true"), "{place}");
        let link = answer.header("link").unwrap_or_default();
        assert!(
            link.ends_with("; rel=\"successor-version\""),
            "{place}: {link}"
        );
        let mut got: Value = serde_json::from_slice(&answer.body).unwrap();
        if answer.status >= 400 {
            // Errors are problems; the older services had the sentence in `detail` too.
            got = json!({"detail": got["detail"]});
        }
        compare(&one["answer"], &got, &place, &mut known);
    }
    let metrics = api.get("/metrics").await.text();
    let sample = "callsheet_legacy_calls_total{route=\"legacy_pipeline_idea2video\"}";
    assert!(metrics.contains(sample), "{metrics}");
    assert!(!metrics.contains("callsheet_legacy_calls_total{route=\"get_job\"}"));
}

/// The body of a 200, whose times may lack a zone.
fn body(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

fn records(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(sample(name)).unwrap();
    match serde_json::from_str(&text).unwrap() {
        Value::Object(by_id) => by_id.into_iter().map(|(_, record)| record).collect(),
        Value::Array(records) => records,
        other => panic!("{other}"),
    }
}

#[on_both]
async fn jobs_of_the_direct_pipeline_are_shown_as_its_store_has_them(api: Api) {
    let name = "vedo_pipeline_jobs.json";
    import_all(&api, &Options::new(vec![sample(name)])).await;
    for mut record in records(name) {
        record.as_object_mut().unwrap().remove("request_data");
        // The episodes of the store are not part of the sample.
        record["episode_id"] = Value::Null;
        let id = record["job_id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/direct-pipeline/job/{id}");
        assert_eq!(body(&api.get(&path).await), record, "{id}");
    }
}

#[on_both]
async fn jobs_of_the_video_api_are_shown_as_its_store_has_them(api: Api) {
    let name = "vedo_unified_cache.json";
    import_all(&api, &Options::new(vec![sample(name)])).await;
    let input = [
        "content",
        "user_requirement",
        "style",
        "series_id",
        "episode_number",
    ];
    for mut record in records(name) {
        let fields = record.as_object_mut().unwrap();
        input.iter().for_each(|name| _ = fields.remove(*name));
        record["episode_id"] = Value::Null;
        record["error_details"] = Value::Null;
        // A number that the store does not know is 0, null, or not there.
        if record["total_shots"].as_i64().unwrap_or_default() == 0 {
            record["total_shots"] = Value::Null;
        }
        let id = record["job_id"].as_str().unwrap().to_owned();
        let shown = body(&api.get(&format!("/api/v1/videos/jobs/{id}")).await);
        assert_eq!(shown, record, "{id}");
    }
}

#[on_both]
async fn a_job_of_any_kind_is_shown_by_every_older_call(api: Api) {
    for job_type in ["idea2video", "conversational", "unknown"] {
        let id = api.made(json!({"job_type": job_type})).await["job_id"].clone();
        let id = id.as_str().unwrap().to_owned();
        let shown = api
            .get(&format!("/api/v1/videos/jobs/{id}"))
            .await
            .json(200);
        let mode = (job_type == "idea2video").then_some("idea");
        assert_eq!(shown["mode"], json!(mode), "{job_type}");
        let shown = api.get(&format!("/api/v1/direct-pipeline/job/{id}")).await;
        assert_eq!(body(&shown)["pipeline_type"], job_type);
    }
    let all = api.get("/api/v1/videos/jobs?limit=100000").await.json(200);
    assert_eq!(all.as_array().unwrap().len(), 3);
    let page = api
        .get("/api/v1/videos/jobs?limit=1&offset=2")
        .await
        .json(200);
    assert_eq!(page[0]["job_id"], all[2]["job_id"]);
    for query in ["limit=0", "limit=x", "offset=-1", "status=running"] {
        let refused = api.get(&format!("/api/v1/videos/jobs?{query}")).await;
        refused.problem(400, "invalid_request");
    }
}
