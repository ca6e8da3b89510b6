//! Protocol of a program's standard output. A line with a JSON object that has at least one of the
//! names of a [`Report`] is a report; every other line goes to the job's history. A line that names
//! an item or a result is never dropped: it is taken, put right, or a fault of the attempt.

use super::{
    lines::{Cut, Line},
    names::{NameScanner, Named},
    plain_text::{plain, visible},
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

#[cfg(test)]
mod tests;
