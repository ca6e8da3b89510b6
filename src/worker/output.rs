//! Protocol of a program's standard output. A line with a JSON object that has at least one of the
//! names below is a report; every other line goes to the job's history.

use super::lines::{Line, MAX_LINE_BYTES};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Maximum characters of a line in the history.
pub const MAX_LOG_LINE_CHARS: usize = 2000;

const MAX_STAGE_CHARS: usize = 255;
const NAMES: [&str; 6] = [
    "progress",
    "stage",
    "total_shots",
    "completed_shots",
    "item",
    "result",
];
const STATUSES: [&str; 5] = ["pending", "processing", "completed", "failed", "skipped"];

#[derive(Debug, PartialEq)]
pub enum Output {
    Report(Box<Report>),
    Log(String),
}

/// Fields of a report; a line may have several.
#[derive(Debug, Default, PartialEq, Deserialize)]
pub struct Report {
    /// Progress in percent, 0 to 100.
    pub progress: Option<f64>,
    pub stage: Option<String>,
    pub total_shots: Option<u32>,
    pub completed_shots: Option<u32>,
    pub item: Option<Item>,
    pub result: Option<Map<String, Value>>,
}

/// State of one item, in the form that the API accepts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idx: Option<i32>,
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Item {
    /// Applies a later report on the same item. It replaces status and error; the earlier result
    /// stays if the later report has none.
    pub fn follow(&mut self, later: Item) {
        self.status = later.status;
        self.error = later.error;
        self.result = later.result.or_else(|| self.result.take());
    }
}

/// Parses a line; returns `None` if it is empty.
pub fn read(line: &Line) -> Option<Output> {
    if line.cut > 0 {
        let begin = plain(
            &String::from_utf8_lossy(&line.bytes[..line.bytes.len().min(4 * MAX_LOG_LINE_CHARS)]),
            MAX_LOG_LINE_CHARS / 2,
        );
        let cut = line.cut + MAX_LINE_BYTES as u64;
        return Some(Output::Log(format!(
            "(a line of {cut} bytes, cut to its beginning) {begin}"
        )));
    }
    let text = String::from_utf8_lossy(&line.bytes);
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let object = text
        .starts_with('{')
        .then(|| serde_json::from_str::<Map<String, Value>>(text).ok())
        .flatten();
    Some(
        match object.filter(|object| NAMES.iter().any(|name| object.contains_key(*name))) {
            None => Output::Log(plain(text, MAX_LOG_LINE_CHARS)),
            Some(object) => match report(object) {
                Ok(report) => Output::Report(Box::new(report)),
                Err(why) => Output::Log(plain(
                    &format!("(not understood: {why}) {text}"),
                    MAX_LOG_LINE_CHARS,
                )),
            },
        },
    )
}

fn report(object: Map<String, Value>) -> Result<Report, String> {
    let mut report: Report =
        serde_json::from_value(Value::Object(object)).map_err(|error| error.to_string())?;
    if report
        .progress
        .is_some_and(|progress| !(0.0..=100.0).contains(&progress))
    {
        return Err("progress is percent, from 0 to 100".into());
    }
    if [report.total_shots, report.completed_shots]
        .into_iter()
        .flatten()
        .any(|shots| i32::try_from(shots).is_err())
    {
        return Err("total_shots and completed_shots must be at most 2147483647".into());
    }
    if let Some(item) = &report.item {
        if item.key.is_none() && item.idx.is_none() {
            return Err("an item needs a key or an idx".into());
        }
        if item.idx.is_some_and(|idx| idx < 0) {
            return Err("an item's idx must be at least 0".into());
        }
        if !STATUSES.contains(&item.status.as_str()) {
            return Err(format!(
                "an item's status must be one of {}",
                STATUSES.join(", ")
            ));
        }
    }
    report.stage = report.stage.map(|stage| plain(&stage, MAX_STAGE_CHARS));
    Ok(report)
}

/// Returns up to `most` characters, with spaces instead of control characters other than tabs:
/// those could steer a terminal, and a database may reject them.
fn plain(text: &str, most: usize) -> String {
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

    fn line(text: &str) -> Line {
        Line {
            bytes: text.into(),
            cut: 0,
        }
    }

    fn report_of(text: &str) -> Report {
        match read(&line(text)) {
            Some(Output::Report(report)) => *report,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn log_of(text: &str) -> String {
        match read(&line(text)) {
            Some(Output::Log(log)) => log,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn the_names_of_the_protocol_are_reports_alone_or_together() {
        assert_eq!(
            report_of(r#"{"progress": 10, "stage": "Story"}"#).progress,
            Some(10.0)
        );
        assert_eq!(report_of(r#" {"total_shots": 12} "#).total_shots, Some(12));
        assert_eq!(
            report_of(r#"{"result": {"video_path": "/media/a.mp4"}}"#)
                .result
                .unwrap()["video_path"],
            "/media/a.mp4"
        );
        let item =
            report_of(r#"{"item": {"key": "s", "status": "completed", "result": {"a": 1}}}"#)
                .item
                .unwrap();
        assert_eq!(
            (item.key.as_deref(), item.status.as_str(), item.result),
            (Some("s"), "completed", Some(json!({"a": 1})))
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
        ] {
            assert_eq!(log_of(text), text);
        }
        assert_eq!(read(&line(" \r")), None);
        assert_eq!(log_of("a\0b\x1b[0m"), "a b [0m");
        assert_eq!(
            log_of(&"é".repeat(5000)).chars().count(),
            MAX_LOG_LINE_CHARS
        );
    }

    #[test]
    fn a_report_that_is_not_understood_is_told_with_the_reason() {
        let rows = [
            (r#"{"progress": "ten"}"#, "invalid type: string"),
            (r#"{"progress": 101}"#, "from 0 to 100"),
            (r#"{"progress": -1}"#, "from 0 to 100"),
            (r#"{"total_shots": -1}"#, "-1"),
            (r#"{"total_shots": 4000000000}"#, "at most 2147483647"),
            (r#"{"item": {"status": "completed"}}"#, "key"),
            (r#"{"item": {"key": "a"}}"#, "status"),
            (
                r#"{"item": {"key": "a", "status": "done"}}"#,
                "one of pending",
            ),
            (
                r#"{"item": {"key": "a", "status": "completed", "video": "x"}}"#,
                "video",
            ),
            (r#"{"result": "a.mp4"}"#, "invalid type"),
            (r#"{"progress": -0.1}"#, "from 0 to 100"),
            (r#"{"progress": 1e308}"#, "from 0 to 100"),
            (
                r#"{"progress": 340282366920938463463374607431768211456}"#,
                "from 0 to 100",
            ),
            (r#"{"total_shots": 1.5}"#, "1.5"),
            (
                r#"{"total_shots": 9223372036854775808}"#,
                "9223372036854775808",
            ),
            (r#"{"total_shots": 2147483648}"#, "at most 2147483647"),
            (r#"{"completed_shots": -1}"#, "-1"),
            (
                r#"{"item": {"idx": 9223372036854775808, "status": "completed"}}"#,
                "9223372036854775808",
            ),
            (
                r#"{"item": {"idx": -1, "status": "completed"}}"#,
                "at least 0",
            ),
            (
                r#"{"item": {"idx": -9223372036854775809, "status": "completed"}}"#,
                "invalid type",
            ),
        ];
        for (text, reason) in rows {
            let log = log_of(text);
            assert!(
                log.starts_with("(not understood: ") && log.contains(reason) && log.ends_with(text),
                "{log}"
            );
        }
    }

    #[test]
    fn numbers_that_json_does_not_have_are_lines_of_the_history() {
        let nested = format!(
            r#"{{"result": {{"a": {}1{}}}}}"#,
            "[".repeat(500),
            "]".repeat(500)
        );
        for text in [
            r#"{"progress": 1e999}"#,
            r#"{"progress": -1e999}"#,
            r#"{"progress": NaN}"#,
            r#"{"progress": Infinity}"#,
            r#"{"progress": 0x10}"#,
            r#"{"result": {"seconds": 1e999}}"#,
            &nested,
        ] {
            assert_eq!(log_of(text), *text);
        }
    }

    #[test]
    fn a_line_that_was_cut_says_how_long_it_was() {
        let log = read(&Line {
            bytes: vec![b'x'; MAX_LINE_BYTES],
            cut: 5,
        });
        let Some(Output::Log(log)) = log else {
            panic!("{log:?}")
        };
        assert!(
            log.contains("1000005 bytes") && log.chars().count() < MAX_LOG_LINE_CHARS,
            "{log}"
        );
    }

    proptest! {
        #[test]
        fn no_line_is_too_much(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(Output::Log(log)) = read(&Line { bytes, cut: 0 }) {
                prop_assert!(log.chars().count() <= MAX_LOG_LINE_CHARS && !log.chars().any(|c| c.is_control() && c != '\t'));
            }
        }
    }
}
