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

impl IdentityNames {
    /// Reads the identity of a record; `None` if it has no id.
    pub fn of(&self, raw: &[u8]) -> Option<Identity> {
        let nested = |names: &[String]| names.iter().any(|name| name.contains('.'));
        let (ids, updated) = match nested(&self.ids) || nested(&self.updated) {
            true => {
                let record = repair::read(raw).ok()?.value;
                let at =
                    |names: &[String]| names.iter().map(|name| member(&record, name)).collect();
                (at(&self.ids), at(&self.updated))
            }
            false => self.at_top(raw)?,
        };
        let ids: Vec<Option<Value>> = ids;
        let updated: Vec<Option<Value>> = updated;
        let id = ids.iter().flatten().find_map(id_text)?;
        let time = |value: &Value| times::read(value, Tz::UTC, None);
        let updated = updated.iter().flatten().find_map(time);
        Some(Identity {
            id,
            updated: updated.map(|time| time.timestamp_micros()),
        })
    }

    /// Finds the members in the text, up to the point where the preferred ones are found.
    fn at_top(&self, raw: &[u8]) -> Option<(Vec<Option<Value>>, Vec<Option<Value>>)> {
        let mut ids = vec![None; self.ids.len()];
        let mut updated = vec![None; self.updated.len()];
        let mut rest = raw.trim_ascii().strip_prefix(b"{")?;
        while let Some((name, value, after)) = next_member(rest) {
            let place = |names: &[String]| names.iter().position(|known| known.as_bytes() == name);
            let parsed = || serde_json::from_slice(value).ok();
            if let Some(at) = place(&self.ids) {
                ids[at] = parsed();
            } else if let Some(at) = place(&self.updated) {
                updated[at] = parsed();
            }
            let found = |values: &[Option<Value>]| {
                values
                    .first()
                    .is_none_or(|first| first.as_ref().is_some_and(|v| !v.is_null()))
            };
            if found(&ids) && found(&updated) {
                break;
            }
            rest = after;
        }
        Some((ids, updated))
    }
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
