//! Protocol of a program's standard output. A line with a JSON object that has at least one of the
//! names of a [`Report`] is a report; every other line goes to the job's history. A line that names
//! an item or a result is never dropped: it is taken, put right, or a fault of the attempt.

use super::{
    lines::{Cut, Line},
    names::{NameScanner, Named},
    report::{Judged, is_report, judge},
};
use crate::mend_json::{mend, quote_large};
use callsheet_client::lease::Report;
use serde_json::{Map, Value};

/// Maximum characters of a line in the history.
pub const MAX_LOG_LINE_CHARS: usize = 2000;

/// Minimum digits of an integer that does not fit 64 bits.
const LONG_NUMBER_DIGITS: usize = 19;

/// Meaning of a line, or of a part of it.
#[derive(Debug, PartialEq)]
pub enum Output {
    Report(Box<Report>),
    Log(String),
    /// Reason why a report on an item could not be taken.
    BadItem(String),
    /// Reason why a result could not be taken.
    BadResult(String),
}

/// Parses a line. An empty line means nothing. `most` is the maximum size of a line that the server
/// accepts.
pub fn read(line: &Line, most: usize) -> Vec<Output> {
    if let Some(cut) = &line.cut {
        return too_long(line, cut, most);
    }
    let whole = String::from_utf8_lossy(&line.bytes);
    let text = visible(&whole);
    if text.is_empty() {
        return Vec::new();
    }
    if text.starts_with('{') {
        of_object(line.number, text)
    } else {
        // A traceback is read by its indentation.
        let indented = whole.trim_start_matches([' ', '\t']);
        let indent = &whole[..whole.len() - indented.len()];
        vec![Output::Log(plain(
            &format!("{indent}{text}"),
            MAX_LOG_LINE_CHARS,
        ))]
    }
}

/// Returns the text without a byte order mark, without blanks and colours around it, and without
/// what a terminal would show no more: a progress bar before a carriage return.
fn visible(text: &str) -> &str {
    let text = bare(text);
    if text.starts_with('{') {
        return text;
    }
    let mut lines = text.match_indices('\r').map(|(at, _)| bare(&text[at..]));
    lines.find(|line| line.starts_with('{')).unwrap_or(text)
}

fn bare(text: &str) -> &str {
    let mut text = text.trim_matches(is_blank);
    while let Some(rest) = text.strip_prefix("\x1b[") {
        let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) else {
            break;
        };
        text = rest[end + 1..].trim_matches(is_blank);
    }
    text
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}' || c == '\0'
}

fn too_long(line: &Line, cut: &Cut, most: usize) -> Vec<Output> {
    let bytes = line.bytes.len() as u64 + cut.bytes;
    let begin =
        String::from_utf8_lossy(&line.bytes[..line.bytes.len().min(4 * MAX_LOG_LINE_CHARS)]);
    let is_object = visible(&begin).starts_with('{');
    let begin = plain(&begin, MAX_LOG_LINE_CHARS / 2);
    let mut said = vec![Output::Log(format!(
        "(a line of {bytes} bytes, cut to its beginning) {begin}"
    ))];
    if is_object {
        let why = format!(
            "it has {bytes} bytes, and the server accepts at most {most} (--max-body-bytes): write \
            the values to a file, and report its path"
        );
        said.extend(faults(line.number, cut.named, &why));
    }
    said
}

/// Reads an object, or several in one line, which programs write that share the output.
fn of_object(number: u64, text: &str) -> Vec<Output> {
    if let Ok(object) = serde_json::from_str(text) {
        return of_members(number, text, exact(object, text));
    }
    let mended = mend(text.as_bytes()).and_then(|mended| String::from_utf8(mended.text).ok());
    let mended = mended.as_deref().unwrap_or(text);
    let mut objects = serde_json::Deserializer::from_str(mended).into_iter::<Map<String, Value>>();
    let (mut found, mut why) = (Vec::new(), None);
    for object in objects.by_ref() {
        match object {
            Ok(object) => found.push(object),
            Err(error) => {
                why = Some(error.to_string());
                break;
            }
        }
    }
    let rest = mended
        .get(objects.byte_offset()..)
        .unwrap_or_default()
        .trim();
    let broken = NameScanner::of(rest.as_bytes());
    let mut said = Vec::new();
    if why.is_none() || found.iter().any(names_work) {
        for object in found {
            said.extend(of_members(number, text, object));
        }
        if !rest.is_empty() {
            said.push(Output::Log(plain(rest, MAX_LOG_LINE_CHARS)));
        }
    } else {
        said.push(Output::Log(plain(text, MAX_LOG_LINE_CHARS)));
    }
    let why = why.unwrap_or_default();
    said.extend(faults(
        number,
        broken,
        &format!("it is no valid JSON: {why}"),
    ));
    said
}

fn names_work(object: &Map<String, Value>) -> bool {
    object.contains_key("item") || object.contains_key("result")
}

/// Returns the object with its integers of more than 64 bits as texts, if it names an item or a
/// result: a float would lose their last digits.
fn exact(object: Map<String, Value>, text: &str) -> Map<String, Value> {
    if !names_work(&object) || !has_long_number(text) {
        return object;
    }
    quote_large(text.as_bytes())
        .and_then(|quoted| serde_json::from_slice(&quoted).ok())
        .unwrap_or(object)
}

/// Returns whether the text has as many digits in a row as an integer of more than 64 bits.
fn has_long_number(text: &str) -> bool {
    let mut digits = text.as_bytes().split(|byte| !byte.is_ascii_digit());
    digits.any(|digits| digits.len() >= LONG_NUMBER_DIGITS)
}

fn of_members(number: u64, text: &str, object: Map<String, Value>) -> Vec<Output> {
    if !is_report(&object) {
        return vec![Output::Log(plain(text, MAX_LOG_LINE_CHARS))];
    }
    let Judged {
        report,
        notes,
        bad_item,
        bad_result,
    } = judge(object);
    let mut said = Vec::new();
    let reasons: Vec<_> = notes
        .iter()
        .chain(&bad_item)
        .chain(&bad_result)
        .map(String::as_str)
        .collect();
    if !reasons.is_empty() {
        let line = format!("(not understood: {}) {text}", reasons.join("; "));
        said.push(Output::Log(plain(&line, MAX_LOG_LINE_CHARS)));
    }
    if report != Report::default() {
        said.push(Output::Report(Box::new(report)));
    }
    said.extend(bad_item.map(|why| Output::BadItem(sentence(number, &why))));
    said.extend(bad_result.map(|why| Output::BadResult(sentence(number, &why))));
    said
}

fn faults(number: u64, named: Named, why: &str) -> Vec<Output> {
    let mut said = Vec::new();
    if named.item {
        said.push(Output::BadItem(sentence(
            number,
            &format!("an item, but {why}"),
        )));
    }
    if named.result {
        said.push(Output::BadResult(sentence(
            number,
            &format!("a result, but {why}"),
        )));
    }
    said
}

fn sentence(number: u64, why: &str) -> String {
    format!("line {number} of the program's output: {why}")
}

/// Returns up to `most` characters, with spaces instead of control characters other than tabs:
/// those could steer a terminal, and a database may reject them.
pub fn plain(text: &str, most: usize) -> String {
    text.chars()
        .take(most)
        .map(|c| if c.is_control() && c != '\t' { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
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
        let item =
            report_of(r#"{"item": {"key": "s", "status": "completed", "result": {"a": 1}}}"#)
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
        let [Output::Log(log), Output::BadResult(why)] = &cut("{\"result\": ", false, true)[..]
        else {
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
}
