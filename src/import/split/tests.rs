mod lines;

use super::*;
use crate::import::reject::Reason;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::BufReader;

/// A record has a `job_id` or a `state`.
const SHAPES: Shapes<'_> = Shapes {
    is_record: &|record| record.contains_key("job_id") || record.contains_key("state"),
    is_id: &|name| name == "job_id",
    is_field: &|name| matches!(name, "job_id" | "status" | "n"),
};

/// Position, text and reason of each piece. The small buffer makes every token cross its edge.
fn pieces(text: impl AsRef<[u8]>) -> Vec<(String, String, Option<Reason>)> {
    let mut found = Vec::new();
    split(
        BufReader::with_capacity(3, text.as_ref()),
        SHAPES,
        &mut |piece| {
            let raw = String::from_utf8_lossy(&piece.raw).into_owned();
            found.push((
                piece.at.to_string(),
                raw,
                piece.whole.err().map(|r| r.reason),
            ));
            true
        },
    );
    found
}

fn whole(text: &str) -> Vec<(String, String)> {
    pieces(text)
        .into_iter()
        .map(|(at, raw, flaw)| {
            (
                at,
                if flaw.is_some() {
                    format!("{flaw:?}")
                } else {
                    raw
                },
            )
        })
        .collect()
}

fn expect(text: &str, wanted: &[(&str, &str)]) {
    let wanted: Vec<_> = wanted
        .iter()
        .map(|(at, raw)| (at.to_string(), raw.to_string()))
        .collect();
    assert_eq!(whole(text), wanted, "{text}");
}

#[test]
fn each_shape_of_a_file_is_understood() {
    expect(
        r#" {"a": {"job_id": "}"}, "b" :[1], "c":null} "#,
        &[("a", r#"{"job_id": "}"}"#), ("b", "[1]"), ("c", "null")],
    );
    expect(
        r#"[{"x":"\"]"}, 1 ,"t"]"#,
        &[("[0]", r#"{"x":"\"]"}"#), ("[1]", "Some(NotAnObject)")],
    );
    expect(
        r#"{"jobs": [{}], "pagination": {"total": 1}}"#,
        &[("[0]", "{}")],
    );
    expect(r#"{"jobs": {"a": {}}}"#, &[("a", "{}")]);
    expect(
        r#"{"job_id": "a", "n": {}}"#,
        &[("line 1", r#"{"job_id": "a", "n": {}}"#)],
    );
    expect(
        "{\"job_id\": 1}\n\n{\"x\": 2}\n",
        &[("line 1", "{\"job_id\": 1}"), ("line 3", "{\"x\": 2}")],
    );
    expect("\u{feff}[{}]", &[("[0]", "{}")]);
}

#[test]
fn records_are_found_in_any_envelope() {
    let record = r#"{"n": 1, "job_id": "a"}"#;
    for (before, after) in [
        (r#"{"success": true, "jobs": ["#, "]}"),
        (
            r#"{"status": "ok", "version": 3, "updated_at": "now", "jobs": ["#,
            r#"], "n": 2}"#,
        ),
        (r#"{"data": ["#, r#"], "total": 1}"#),
        (r#"{"meta": {"page": 1}, "tasks": ["#, "]}"),
        (r#"{"data": {"total": 1, "jobs": ["#, "]}}"),
        (
            r#"{"response": {"data": {"results": ["#,
            r#"]}}, "x": [1, {"y": 2}]}"#,
        ),
        (r#"{"results": [null, {"no": "record"}, "#, "]}"),
    ] {
        let found = whole(&format!("{before}{record}, {record}{after}"));
        let found: Vec<_> = found.into_iter().filter(|(_, raw)| raw == record).collect();
        assert_eq!(found.len(), 2, "{before}");
    }
    for (before, after) in [
        (r#"{"success": true, "jobs": {"k": "#, "}}"),
        (r#"{"version": 3, "k": "#, "}"),
        (r#"{"data": {"jobs": {"k": "#, r#"}}, "status": "ok"}"#),
        (r#"{"n": null, "queue": {"total": 4, "k": "#, "}}"),
    ] {
        expect(&format!("{before}{record}{after}"), &[("k", record)]);
    }
    let two =
        format!(r#"{{"active": [{record}], "about": {{"x": 1}}, "ended": {{"k": {record}}}}}"#);
    expect(&two, &[("[0]", record), ("k", record)]);
}

#[test]
fn a_record_stays_whole_whatever_its_members_are() {
    for record in [
        r#"{"items": {"a": {"status": 1}, "b": {"status": 2}}, "config": {}, "state": 1}"#,
        r#"{"state": "x", "parts": [{"status": 1}]}"#,
        r#"{"job_id": 1, "jobs": [{"job_id": 2}]}"#,
        r#"{"items": {"a": {"status": 1}}, "config": {"n": 1}, "status": 1}"#,
        r#"{"a": 1, "b": {"c": 2}, "d": [3]}"#,
    ] {
        expect(record, &[("line 1", record)]);
    }
    // Nothing is known of these, but objects alike under names are rather records by id.
    let alike = r#"{"a": {"x": 1}, "b": {"x": 2, "y": 3}}"#;
    expect(alike, &[("a", r#"{"x": 1}"#), ("b", r#"{"x": 2, "y": 3}"#)]);
}

#[test]
fn both_passes_find_the_same_places() {
    let lines = "{\"job_id\": 1}\n{\"job_id\": 2}\n{\"x\": [{}]}\n";
    for text in [
        lines,
        r#"{"data": [{"job_id": 1}, {"job_id": 2}, 3]}"#,
        r#"[{"job_id": 1}, 2]"#,
    ] {
        let (mut met, mut found) = (Vec::new(), Vec::new());
        survey(text.as_bytes(), SHAPES, &mut |piece| {
            met.push((piece.offset, piece.raw))
        });
        split(text.as_bytes(), SHAPES, &mut |piece| {
            found.push((piece.offset, piece.raw));
            true
        });
        assert_eq!(met, found, "{text}");
        let at =
            |(offset, raw): &(u64, Vec<u8>)| text.as_bytes()[*offset as usize..].starts_with(raw);
        assert!(found.iter().all(at), "{text}");
    }
}

#[test]
fn a_store_without_records_is_none() {
    for text in [
        "{}",
        "[]",
        "{\"jobs\": []}",
        "{\"data\": [], \"total\": 0}",
        "{\"status\": \"ok\", \"jobs\": {}}",
    ] {
        expect(text, &[]);
    }
}

#[test]
fn what_comes_before_a_break_is_found() {
    expect(
        r#"{"a": {}, "b": {"x": "#,
        &[("a", "{}"), ("b", "Some(TruncatedJson)")],
    );
    expect(r#"{"a": {}, "#, &[("a", "{}"), ("", "Some(TruncatedJson)")]);
    expect(
        r#"{"a": {} "b": {}}"#,
        &[("a", "{}"), ("", "Some(MalformedJson)")],
    );
    expect(
        r#"[{}, ?]"#,
        &[("[0]", "{}"), ("[1]", "Some(MalformedJson)")],
    );
}

#[test]
fn a_file_that_is_no_json_is_named() {
    expect("", &[("", "Some(EmptyFile)")]);
    expect(" \n", &[("", "Some(EmptyFile)")]);
    expect("SQLite format 3", &[("", "Some(NotJson)")]);
    assert_eq!(pieces([0xff, 0xfe, b'{', 0])[0].2, Some(Reason::NotJson));
}

#[test]
fn depth_costs_no_stack() {
    let deep = format!("[{}, {{}}]", "[".repeat(100_000) + &"]".repeat(100_000));
    assert_eq!(pieces(&deep).len(), 2);
    assert_eq!(
        pieces("[".repeat(100_000)),
        [(
            "[0]".into(),
            "[".repeat(99_999),
            Some(Reason::TruncatedJson)
        )]
    );
}

#[test]
fn a_record_that_is_too_large_is_passed_over() {
    let long = "x".repeat(MAX_RECORD_BYTES + 10);
    for large in [
        format!(r#"{{"a": {{"t": "{long}"}}, "b": {{}}}}"#),
        format!(r#"{{"0": {{"job_id": 1}}, "a": "{long}", "b": {{}}}}"#),
    ] {
        let mut found = Vec::new();
        split(large.as_bytes(), SHAPES, &mut |piece| {
            let reason = piece.whole.err().map(|r| r.reason);
            found.push((piece.at.to_string(), piece.bytes > 10_000_000, reason));
            true
        });
        let wanted = [
            ("a".to_owned(), true, Some(Reason::TooLarge)),
            ("b".to_owned(), false, None),
        ];
        assert_eq!(found[found.len() - 2..], wanted);
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<i32>().prop_map(Value::from),
        ".*".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// Records that are objects or lists with members, since consecutive other values are one reject.
fn records() -> impl Strategy<Value = Value> {
    values().prop_map(|value| {
        let is_empty = |value: &Value| match value {
            Value::Object(members) => members.is_empty(),
            Value::Array(values) => values.is_empty(),
            _ => true,
        };
        if is_empty(&value) {
            json!({"value": value})
        } else {
            value
        }
    })
}

proptest! {
    #[test]
    fn every_record_is_found_as_it_was_written(
        records in prop::collection::vec(records(), 0..6),
        pretty: bool,
    ) {
        let list = Value::from(records.clone());
        let text = if pretty {
            serde_json::to_string_pretty(&list).unwrap()
        } else {
            list.to_string()
        };
        let found: Vec<Value> = pieces(&text).iter().map(|(_, raw, _)| serde_json::from_str(raw).unwrap()).collect();
        prop_assert_eq!(found, records);
    }

    #[test]
    fn every_key_is_found_as_it_was_written(records in prop::collection::btree_map("k.*", values(), 0..6)) {
        let record = |value: Value| json!({"job_id": 1, "value": value});
        let records: std::collections::BTreeMap<_, _> =
            records.into_iter().map(|(key, value)| (key, record(value))).collect();
        let text = Value::Object(records.clone().into_iter().collect()).to_string();
        let found: Vec<_> = pieces(&text).into_iter().map(|(at, raw, _)| (at, serde_json::from_str(&raw).unwrap())).collect();
        prop_assert_eq!(found, records.into_iter().collect::<Vec<(String, Value)>>());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, json in r#"[\[\]{}",:\\n1 ]{0,40}"#) {
        pieces(bytes);
        pieces(json);
    }

    #[test]
    fn a_cut_file_gives_the_records_before_the_cut_and_one_reject(
        records in prop::collection::vec(records(), 1..5),
        cut: prop::sample::Index,
    ) {
        let text = Value::from(records.clone()).to_string().into_bytes();
        let end = cut.index(text.len());
        let found = pieces(&text[..end]);
        let flawed = found.iter().filter(|(_, _, flaw)| flaw.is_some()).count();
        prop_assert_eq!(flawed, 1);
        for ((_, raw, _), record) in found.iter().filter(|(_, _, flaw)| flaw.is_none()).zip(&records) {
            // A number at the cut may be the beginning of a longer one, which JSON cannot show.
            if let Ok(value) = serde_json::from_str::<Value>(raw) {
                prop_assert!(value == *record || value.is_number());
            }
        }
    }
}
