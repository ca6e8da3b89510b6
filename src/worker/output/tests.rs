use super::*;
use proptest::prelude::*;
use serde_json::json;

const MOST: usize = 1_000_000;

fn line(text: &str) -> Line {
    Line {
        bytes: text.into(),
        number: 3,
        cut: None,
    }
}

fn said(text: &str) -> Vec<Output> {
    read(&line(text), MOST)
}

fn reports(text: &str) -> Vec<Report> {
    let reports = said(text).into_iter().filter_map(|said| match said {
        Output::Report(report) => Some(*report),
        _ => None,
    });
    reports.collect()
}

fn report_of(text: &str) -> Report {
    reports(text).pop().unwrap_or_else(|| panic!("{text}"))
}

fn log_of(text: &str) -> String {
    match said(text).as_slice() {
        [Output::Log(log)] => log.clone(),
        other => panic!("{text}: {other:?}"),
    }
}

fn results(text: &str) -> Vec<Value> {
    let results = reports(text).into_iter().filter_map(|report| report.result);
    results.map(Value::Object).collect()
}

/// Returns the reasons why an item and a result were not taken.
fn faults_of(text: &str) -> (Option<String>, Option<String>) {
    let (mut item, mut result) = (None, None);
    for said in said(text) {
        match said {
            Output::BadItem(why) => item = Some(why),
            Output::BadResult(why) => result = Some(why),
            _ => {}
        }
    }
    (item, result)
}

#[test]
fn the_names_of_the_protocol_are_reports_alone_or_together() {
    assert_eq!(
        report_of(r#"{"progress": 10, "stage": "Story"}"#).progress,
        Some(10.0)
    );
    assert_eq!(report_of(r#" {"total_shots": 12} "#).total_shots, Some(12));
    assert_eq!(
        results(r#"{"result": {"video_path": "/media/a.mp4"}}"#),
        [json!({"video_path": "/media/a.mp4"})]
    );
    let item = report_of(r#"{"item": {"key": "s", "status": "completed", "result": {"a": 1}}}"#)
        .item
        .unwrap();
    assert_eq!(
        (item.key.as_deref(), item.status, item.result),
        (
            Some("s"),
            callsheet_client::ItemStatus::Completed,
            Some(json!({"a": 1}))
        )
    );
    assert_eq!(
        report_of(r#"{"progress": 1, "more": 2}"#).progress,
        Some(1.0)
    );
}

#[test]
fn everything_else_is_a_line_of_the_history() {
    for text in [
        "hello",
        "{",
        r#"{"a": 1}"#,
        "[1]",
        "10",
        "null",
        r#"{"progress": 10"#,
        r#"{"progress": 10} x"#,
        r#"{"a": {"result":"#,
        "    raise ValueError(shot)",
        "\t10 frames",
    ] {
        assert_eq!(log_of(text), text);
    }
    assert_eq!(said(" \r"), []);
    assert_eq!(log_of("  {\"a\": 1} \r"), "{\"a\": 1}");
    assert_eq!(log_of("  done  \r"), "  done");
    assert_eq!(log_of("a\0b\x1b[0m"), "a b [0m");
    assert_eq!(
        log_of(&"é".repeat(5000)).chars().count(),
        MAX_LOG_LINE_CHARS
    );
}

#[test]
fn a_result_that_python_writes_is_taken() {
    let rows = [
        (
            r#"{"result": {"a": NaN, "b": [-Infinity, Infinity], "c": 1e999}}"#,
            json!({"a": null, "b": [null, null], "c": null}),
        ),
        (r#"{"result": {"a": "x\ud83d"}}"#, json!({"a": "x\u{fffd}"})),
        (r#"{"progress": NaN, "result": {"a": 1}}"#, json!({"a": 1})),
        (
            r#"{"progress": 100.00000000000001, "result": {"a": 1}}"#,
            json!({"a": 1}),
        ),
        (
            r#"{"progress": "ten", "result": {"a": 1}}"#,
            json!({"a": 1}),
        ),
        ("\u{feff}{\"result\": {\"a\": 1}}", json!({"a": 1})),
        ("50 %|###  |\r{\"result\": {\"a\": 1}}\r", json!({"a": 1})),
        ("\x1b[0;32m{\"result\": {\"a\": 1}}\x1b[0m", json!({"a": 1})),
        (
            r#"{"result": {"a": 2}, "result": {"a": 1}}"#,
            json!({"a": 1}),
        ),
        (r#"{"result": {"a": 1}} done"#, json!({"a": 1})),
        (
            r#"{"result": {"seed": 18446744073709551616, "n": 18446744073709551615}}"#,
            json!({"seed": "18446744073709551616", "n": u64::MAX}),
        ),
    ];
    for (text, result) in rows {
        assert_eq!(results(text), [result], "{text}");
        assert_eq!(faults_of(text), (None, None), "{text}");
    }
    for between in ["", " ", "\r"] {
        let text = format!(r#"{{"result": {{"a": 2}}}}{between}{{"result": {{"a": 1}}}}"#);
        assert_eq!(results(&text), [json!({"a": 2}), json!({"a": 1})]);
    }
}

#[test]
fn what_names_an_item_or_a_result_and_cannot_be_taken_is_a_fault_with_its_line() {
    let nested = format!(
        r#"{{"result": {{"a": {}1{}}}}}"#,
        "[".repeat(500),
        "]".repeat(500)
    );
    for text in [
        r#"{"result": "a.mp4"}"#,
        r#"{"result": {"a": 1}"#,
        r#"{"result": {"a": 1,}}"#,
        r#"{"progress": 1, "result": {'a': 1}}"#,
        "{'result': {'video_path': '/media/a.mp4'}}",
        r#"{"progress": 1}{"result": {"a"#,
        r#"{"result": {"seconds": 0x10}}"#,
        &nested,
    ] {
        let (item, result) = faults_of(text);
        assert!(
            item.is_none() && result.unwrap().starts_with("line 3 of"),
            "{text}"
        );
    }
    let (item, result) = faults_of(r#"{"item": {"key": "a", "status": "#);
    assert!(result.is_none() && item.unwrap().contains("no valid JSON"));
}

#[test]
fn a_member_that_is_not_understood_is_a_line_of_the_history_with_the_reason() {
    let text = r#"{"progress": 200, "stage": "up"}"#;
    assert_eq!(
        said(text)[0],
        Output::Log(format!(
            "(not understood: progress is percent, from 0 to 100, not 200) {text}"
        ))
    );
    assert_eq!(report_of(text).stage.as_deref(), Some("up"));
}

#[test]
fn numbers_that_json_does_not_have_are_none() {
    for number in ["1e999", "-1e999", "NaN", "Infinity"] {
        assert_eq!(said(&format!(r#"{{"progress": {number}}}"#)), []);
    }
    let text = r#"{"progress": 0x10}"#;
    assert_eq!(log_of(text), text);
}

#[test]
fn a_line_that_was_cut_says_how_long_it_was_and_what_it_named() {
    let cut = |begin: &str, item, result| {
        let mut bytes = begin.as_bytes().to_vec();
        bytes.resize(MOST, b'x');
        let cut = Some(Cut {
            bytes: 5,
            named: Named { item, result },
        });
        read(
            &Line {
                bytes,
                number: 3,
                cut,
            },
            MOST,
        )
    };
    let [Output::Log(log), Output::BadResult(why)] = &cut("{\"result\": ", false, true)[..] else {
        panic!("a log line and a fault")
    };
    assert!(
        log.contains("1000005 bytes") && log.chars().count() < MAX_LOG_LINE_CHARS,
        "{log}"
    );
    assert!(
        why.starts_with("line 3 of") && why.contains("1000005 bytes"),
        "{why}"
    );
    assert!(matches!(
        cut("{\"item\": ", true, false)[..],
        [Output::Log(_), Output::BadItem(_)]
    ));
    assert!(matches!(cut("text", false, true)[..], [Output::Log(_)]));
}

proptest! {
    #[test]
    fn no_line_is_too_much(bytes in prop::collection::vec(any::<u8>(), 0..300), tail in r#"[{}:," a-z\\u0-9NI-]{0,40}"#) {
        let begin = [&b"{\"result\":"[..], b"{\"item\":{\"key\":\"a\"", b""];
        for begin in begin {
            let bytes = [begin, tail.as_bytes(), &bytes].concat();
            for said in read(&Line { bytes, number: 1, cut: None }, MOST) {
                if let Output::Log(log) = said {
                    prop_assert!(log.chars().count() <= MAX_LOG_LINE_CHARS && !log.chars().any(|c| c.is_control() && c != '\t'));
                }
            }
        }
    }
}
