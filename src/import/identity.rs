//! Id and time of the last change of a record, found in its text without parsing all of it: a first
//! pass over a file needs both of every record.

use super::{names::id_text, repair, split::Scan, times};
use chrono_tz::Tz;
use serde_json::Value;

/// Names under which records have their id and the time of their last change, in order of
/// preference. A name with dots leads to a member inside others.
#[derive(Clone, Debug)]
pub struct IdentityNames {
    pub ids: Vec<String>,
    pub updated: Vec<String>,
}

impl Default for IdentityNames {
    fn default() -> Self {
        Self {
            ids: vec!["job_id".to_owned(), "id".to_owned()],
            updated: vec!["updated_at".to_owned()],
        }
    }
}

/// Id of a record, and the time of its last change in microseconds; times without a zone are
/// compared as UTC.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    pub id: String,
    pub updated: Option<i64>,
}

/// Maximum names of one kind.
const MAX_NAMES: usize = 4;

/// Texts of the values under the names of one kind.
type Found<'a> = [Option<&'a [u8]>; MAX_NAMES];

impl IdentityNames {
    /// Reads the identity of a record; `None` if it has no id.
    pub fn of(&self, raw: &[u8]) -> Option<Identity> {
        let nested = |names: &[String]| names.iter().any(|name| name.contains('.'));
        let (id, updated) = if nested(&self.ids) || nested(&self.updated) {
            let record = repair::read(raw).ok()?.value;
            let at = |name: &String| member(&record, name);
            let id = self.ids.iter().filter_map(at).find_map(|id| id_text(&id))?;
            let mut times = self.updated.iter().filter_map(at);
            (id, times.find_map(|time| micros(&time)))
        } else {
            let (ids, updated) = self.at_top(raw)?;
            let id = ids.into_iter().flatten().find_map(text_of)?;
            let parsed = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
            let mut times = updated.into_iter().flatten().filter_map(parsed);
            (id, times.find_map(|time| micros(&time)))
        };
        Some(Identity { id, updated })
    }

    /// Finds the members in the text, up to the point where the preferred ones are found.
    fn at_top<'a>(&self, raw: &'a [u8]) -> Option<(Found<'a>, Found<'a>)> {
        let (mut ids, mut updated) = (Found::default(), Found::default());
        let mut rest = raw.trim_ascii().strip_prefix(b"{")?;
        while let Some((name, value, after)) = next_member(rest) {
            let place = |names: &[String]| {
                let same = |known: &String| known.as_bytes() == name;
                names.iter().take(MAX_NAMES).position(same)
            };
            if value == b"null" {
                // A missing value, whose place another name may take.
            } else if let Some(at) = place(&self.ids) {
                ids[at] = Some(value);
            } else if let Some(at) = place(&self.updated) {
                updated[at] = Some(value);
            }
            if ids[0].is_some() && updated[0].is_some() {
                break;
            }
            rest = after;
        }
        Some((ids, updated))
    }
}

/// Text of an id in JSON.
fn text_of(raw: &[u8]) -> Option<String> {
    match raw
        .strip_prefix(b"\"")
        .and_then(|raw| raw.strip_suffix(b"\""))
    {
        Some(plain) if !plain.contains(&b'\\') => {
            let text = std::str::from_utf8(plain).ok()?;
            (!text.is_empty()).then(|| text.to_owned())
        }
        _ => id_text(&serde_json::from_slice(raw).ok()?),
    }
}

fn micros(time: &Value) -> Option<i64> {
    times::read(time, Tz::UTC, None).map(|time| time.timestamp_micros())
}

/// Name without quotes and value of the next member, and the text after it.
fn next_member(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b",").unwrap_or(text).trim_ascii_start();
    if !text.starts_with(b"\"") {
        return None;
    }
    let (end, _) = Scan::at(0).advance(text);
    let name = text.get(1..end.checked_sub(1)?)?;
    let text = text[end..]
        .trim_ascii_start()
        .strip_prefix(b":")?
        .trim_ascii_start();
    let end = match text.first()? {
        b'{' | b'[' | b'"' => Scan::at(0).advance(text).0,
        _ => text
            .iter()
            .position(|b| b",}]".contains(b) || b.is_ascii_whitespace())?,
    };
    Some((name, &text[..end], &text[end..]))
}

/// Member at the end of a path of names.
fn member(record: &Value, path: &str) -> Option<Value> {
    path.split('.')
        .try_fold(record, |value, name| value.get(name))
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn of(raw: &str) -> Option<(String, Option<i64>)> {
        let identity = IdentityNames::default().of(raw.as_bytes())?;
        Some((identity.id, identity.updated))
    }

    #[test]
    fn id_and_time_are_found_where_they_stand() {
        let minute = Some(60_000_000);
        for (raw, wanted) in [
            (r#"{"job_id": "a", "updated_at": 60, "x": "#, ("a", minute)),
            (
                r#"{"x": {"job_id": "no"}, "updated_at":"1970-01-01T00:01:00Z","job_id":7}"#,
                ("7", minute),
            ),
            (
                r#"{"id": "i", "s": "\"job_id\": 1", "updated_at": 60.0}"#,
                ("i", minute),
            ),
            (r#"{"id": "i", "job_id": "a"}"#, ("a", None)),
            (
                r#"{"job_id": null, "id": 3, "updated_at": "soon"}"#,
                ("3", None),
            ),
            (r#"{"job_id": "\u0061"}"#, ("a", None)),
        ] {
            assert_eq!(of(raw), Some((wanted.0.to_owned(), wanted.1)), "{raw}");
        }
        assert_eq!(of(r#"{"x": 1}"#), None);
        assert_eq!(of("[1]"), None);
    }

    #[test]
    fn a_path_leads_into_the_record() {
        let names = IdentityNames {
            ids: vec!["meta.id".to_owned()],
            updated: vec!["meta.at".to_owned()],
        };
        let raw = json!({"meta": {"id": 5, "at": 60}}).to_string();
        let identity = names.of(raw.as_bytes()).unwrap();
        assert_eq!(
            (identity.id.as_str(), identity.updated),
            ("5", Some(60_000_000))
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, json in r#"[\[\]{}",:\\a1 ]{0,40}"#) {
            let names = IdentityNames::default();
            names.of(&bytes);
            names.of(format!("{{{json}").as_bytes());
        }
    }
}
