//! Secrets that got into a store: what is one, and what stands in its place. They are taken out before anything of a
//! record is stored or shown.

mod find;

use find::{Within, find};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What stands where a secret stood.
pub const MARKER: &str = "[secret removed]";

/// Members whose value is a secret wherever they stand. A store adds the names that mean one only there.
const NAMES: [&str; 13] = [
    // web2img: the Authorization header that its webhook is called with.
    "webhook_auth",
    "authorization",
    "x-api-key",
    "api_key",
    "apikey",
    "access_token",
    "refresh_token",
    "auth_token",
    "client_secret",
    "secret_key",
    "private_key",
    "password",
    "passwd",
];

/// Members that tell what happened, in the words of some library: errors quote headers, addresses and commands.
const TELLING: [&str; 11] = [
    "error",
    "error_message",
    "error_details",
    "error_log",
    "message",
    "previous_error",
    "original_error",
    "recovery_history",
    "failed_upc_list",
    "traceback",
    "webhook",
];

/// Members that hold what somebody wrote: their words are theirs, whatever they look like.
const WORDS: [&str; 8] =
    ["content", "idea", "script", "user_requirement", "style", "title", "project_title", "description"];

/// Takes the secrets out of a record, and answers with the members that had one. `own` are the names of the store.
pub fn remove(record: &mut Map<String, Value>, own: &[&str]) -> Vec<String> {
    let clean = |(name, value): (&String, &mut Value)| member(name, value, own, Within::Any).then(|| name.clone());
    record.iter_mut().filter_map(clean).collect()
}

/// The same for one member, whose text turned out to be JSON: as a text, less could be told of what stands in it.
pub fn remove_from(name: &str, value: &mut Value) -> bool {
    member(name, value, &[], Within::Any)
}

fn member(name: &str, value: &mut Value, own: &[&str], within: Within) -> bool {
    let is = |names: &[&str]| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    if is(&NAMES) || is(own) {
        let filled = !value.is_null() && *value != "" && *value != MARKER;
        if filled {
            *value = MARKER.into();
        }
        return filled;
    }
    match value {
        _ if is(&WORDS) => false,
        value => inside(value, own, if is(&TELLING) { Within::Telling } else { within }),
    }
}

fn inside(value: &mut Value, own: &[&str], within: Within) -> bool {
    match value {
        Value::String(text) => match without(text, of_text(text, within)) {
            Cow::Owned(clean) => {
                *text = clean;
                true
            }
            Cow::Borrowed(_) => false,
        },
        Value::Array(values) => values.iter_mut().fold(false, |any, value| inside(value, own, within) | any),
        Value::Object(members) => {
            members.iter_mut().fold(false, |any, (name, value)| member(name, value, own, within) | any)
        }
        _ => false,
    }
}

/// Databases keep JSON as a text.
fn of_text(text: &str, within: Within) -> Within {
    match within {
        Within::Any if text.starts_with(['{', '[']) => Within::Json,
        within => within,
    }
}

/// A sentence, or the raw text of a record, without what looks like a secret in it.
pub fn hidden(text: &str) -> String {
    without(text, Within::Raw).into_owned()
}

fn without(text: &str, within: Within) -> Cow<'_, str> {
    let mut out = String::new();
    let mut from = 0;
    while let Some(secret) = find(text, from, within) {
        out.push_str(&text[from..secret.start]);
        out.push_str(MARKER);
        from = secret.end;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Whether a member of JSON is a secret. In a raw record, which may be cut off, there is no telling which store it is of,
/// so that the names of every store count.
fn is_secret_member(name: &str, in_raw: bool) -> bool {
    NAMES.iter().any(|n| n.eq_ignore_ascii_case(name)) || (in_raw && name == "user_id")
}

#[cfg(test)]
mod tests;
