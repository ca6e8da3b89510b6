//! Removes secrets from legacy records before the importer stores or shows any part of them. This
//! module defines which values are secrets, and the marker that replaces them.

mod find;

use find::{TextKind, find};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Marker in the place of a secret.
pub const MARKER: &str = "[secret removed]";

/// Names of members whose value is a secret in every store. A store adds the names that mean one
/// only there.
const NAMES: [&str; 28] = [
    // web2img: the Authorization header of its webhook calls.
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
    "passphrase",
    "token",
    "id_token",
    "bearer_token",
    "session_token",
    "jwt",
    "secret",
    "webhook_secret",
    "access_key",
    "secret_access_key",
    "signing_key",
    "auth_header",
    "credentials",
    "cookie",
    "set-cookie",
];

/// Names of members with messages of programs and libraries, which quote headers, URLs and
/// commands.
const ERROR_FIELDS: [&str; 35] = [
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
    "msg",
    "err",
    "errors",
    "error_msg",
    "last_error",
    "exception",
    "trace",
    "stack",
    "stack_trace",
    "reason",
    "failure_reason",
    "status_message",
    "warning",
    "warnings",
    "note",
    "notes",
    "log",
    "logs",
    "stderr",
    "stdout",
    "current_step",
    "current_stage",
    "step_description",
    "cause",
];

/// Names of members with texts that users wrote, which stay unchanged whatever they contain.
const USER_TEXT_FIELDS: [&str; 8] = [
    "content",
    "idea",
    "script",
    "user_requirement",
    "style",
    "title",
    "project_title",
    "description",
];

/// Removes the secrets of a record, and returns the members that had one. `own` are the names that
/// are secret only in its store.
pub fn remove(record: &mut Map<String, Value>, own: &[&str]) -> Vec<String> {
    let clean = |(name, value): (&String, &mut Value)| {
        member(name, value, own, TextKind::Any).then(|| name.clone())
    };
    record.iter_mut().filter_map(clean).collect()
}

/// Removes the secrets of one member whose string turned out to be JSON. Parsed, more of them can
/// be recognised. Returns true if there were any.
pub fn remove_from(name: &str, value: &mut Value) -> bool {
    member(name, value, &[], TextKind::Any)
}

fn member(name: &str, value: &mut Value, own: &[&str], within: TextKind) -> bool {
    let is = |names: &[&str]| names.iter().any(|known| is_named(name, known));
    if is(&NAMES) || is(own) {
        let filled = !value.is_null() && *value != "" && *value != MARKER;
        if filled {
            *value = MARKER.into();
        }
        return filled;
    }
    match value {
        _ if is(&USER_TEXT_FIELDS) => false,
        value => inside(
            value,
            own,
            if is(&ERROR_FIELDS) {
                TextKind::Telling
            } else {
                within
            },
        ),
    }
}

/// Whether two names are one: `apiKey` and `API-Key` are `api_key`.
fn is_named(name: &str, known: &str) -> bool {
    // Few names are that similar in length, which spares the comparison of most.
    if known.len().abs_diff(name.len()) > MAX_SEPARATORS {
        return false;
    }
    fn plain(text: &str) -> impl Iterator<Item = u8> {
        let letters = text.bytes().filter(|byte| !matches!(byte, b'_' | b'-'));
        letters.map(|byte| byte.to_ascii_lowercase())
    }
    plain(name).eq(plain(known))
}

/// Maximum separators that one spelling of a name has and another has not.
const MAX_SEPARATORS: usize = 3;

fn inside(value: &mut Value, own: &[&str], within: TextKind) -> bool {
    match value {
        Value::String(text) => match without(text, of_text(text, within)) {
            Cow::Owned(clean) => {
                *text = clean;
                true
            }
            Cow::Borrowed(_) => false,
        },
        Value::Array(values) => values
            .iter_mut()
            .fold(false, |any, value| inside(value, own, within) | any),
        Value::Object(members) => members.iter_mut().fold(false, |any, (name, value)| {
            member(name, value, own, within) | any
        }),
        _ => false,
    }
}

/// Recognises JSON in a string, which is how databases store it.
fn of_text(text: &str, within: TextKind) -> TextKind {
    match within {
        TextKind::Any if text.starts_with(['{', '[']) => TextKind::Json,
        within => within,
    }
}

/// Returns a sentence, or the raw text of a record, without anything that looks like a secret.
pub fn hidden(text: &str) -> String {
    without(text, TextKind::Raw).into_owned()
}

fn without(text: &str, within: TextKind) -> Cow<'_, str> {
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

/// Whether a member of JSON is a secret. The store of a raw record, which may be cut off, is
/// unknown, so that the names of all stores count.
fn is_secret_member(name: &str, in_raw: bool) -> bool {
    NAMES.iter().any(|known| is_named(name, known)) || (in_raw && name == "user_id")
}

#[cfg(test)]
mod tests;
