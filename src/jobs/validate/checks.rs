//! Collector of the errors of an input, with the checks that several inputs share.

use crate::{
    error::{Error, FieldError, MAX_ERRORS, Result},
    jobs::validate::{
        MAX_ID_CHARS, MAX_LABEL_CHARS, MAX_LABELS, MAX_MEMBER_NAME_CHARS, MAX_SHORT_CHARS,
        is_job_type, is_label_key, job_type_detail, micros, pointer::JsonPath,
    },
};
use chrono::{DateTime, Datelike, Utc};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt::Display};

/// Ids that would collide with a path under /api/v1/jobs.
const RESERVED_IDS: [&str; 3] = ["actions", "bulk", "counts"];

/// Collector of validation errors, at most [`MAX_ERRORS`]. It formats a pointer only for an error.
#[derive(Default)]
pub struct Checks(Vec<FieldError>);

impl Checks {
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.0))
        }
    }

    /// Returns whether the collector is full: more checks would add nothing to the response.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MAX_ERRORS
    }

    pub fn add(&mut self, error: FieldError) {
        if !self.is_full() {
            self.0.push(error);
        }
    }

    pub fn parameter(&mut self, name: &str, code: &'static str, detail: impl Into<String>) {
        self.add(FieldError::parameter(name, code, detail));
    }

    pub fn fail(&mut self, pointer: impl Display, code: &'static str, detail: impl Into<String>) {
        if !self.is_full() {
            self.0
                .push(FieldError::at(pointer.to_string(), code, detail));
        }
    }

    /// Checks for at most `max` characters, none of them NUL.
    pub fn text(&mut self, pointer: impl Display, value: Option<&str>, max: usize) {
        let Some(value) = value else { return };
        let length = value.chars().count();
        if length > max {
            self.fail(
                &pointer,
                "too_long",
                format!("Use at most {max} characters; these are {length}."),
            );
        }
        self.no_nul(pointer, value);
    }

    /// Checks for a text of at most `max` characters that is not blank.
    pub fn filled(&mut self, pointer: impl Display, value: &str, max: usize) {
        if value.trim().is_empty() {
            self.fail(
                &pointer,
                "too_short",
                "The text is empty: enter at least one visible character.",
            );
        }
        self.text(pointer, Some(value), max);
    }

    pub fn id(&mut self, pointer: impl Display, value: &str) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
        if value.is_empty() || value.len() > MAX_ID_CHARS || !value.chars().all(plain) {
            self.fail(
                pointer,
                "invalid_id",
                format!("Use 1 to {MAX_ID_CHARS} of the characters A-Z a-z 0-9 . _ : - as an id."),
            );
        } else if RESERVED_IDS.contains(&value) || value.chars().all(|c| c == '.') {
            self.fail(
                pointer,
                "reserved_id",
                format!(
                    "The id {value} is reserved, because it has another meaning in a URL: \
                    choose another id."
                ),
            );
        }
    }

    pub fn job_type(&mut self, pointer: impl Display, value: &str) {
        if !is_job_type(value) {
            self.fail(pointer, "invalid_job_type", job_type_detail());
        }
    }

    /// Checks for 1 to `max` visible characters.
    pub fn name(&mut self, pointer: impl Display, value: &str, max: usize) {
        let length = value.chars().count();
        if length == 0 || length > max || value.chars().any(|c| c.is_control()) {
            self.fail(
                pointer,
                "invalid_name",
                format!("Use 1 to {max} visible characters."),
            );
        }
    }

    pub fn range<N: PartialOrd + Display + Copy>(
        &mut self,
        pointer: impl Display,
        value: Option<N>,
        low: N,
        high: N,
    ) {
        // Written so that NaN, which compares with nothing, is out of range.
        if value.is_some_and(|v| !(v >= low && v <= high)) {
            self.fail(
                pointer,
                "out_of_range",
                format!("Use a number from {low} to {high}."),
            );
        }
    }

    /// Checks for a time that both databases can store and sort: PostgreSQL has no year 0, and
    /// SQLite compares times as text.
    pub fn time(&mut self, pointer: impl Display, value: Option<DateTime<Utc>>) {
        if value.is_some_and(|t| !(1..=9999).contains(&micros(t).year())) {
            self.fail(
                pointer,
                "out_of_range",
                "The year is out of range: use a time in the years 1 to 9999, in UTC.",
            );
        }
    }

    pub fn object(&mut self, pointer: impl Display, value: Option<&Map<String, Value>>) {
        if let Some(members) = value {
            self.members(&JsonPath::Root(&pointer), members);
        }
    }

    pub fn json(&mut self, pointer: impl Display, value: &Value) {
        self.document(&JsonPath::Root(&pointer), value);
    }

    fn members(&mut self, spot: &JsonPath, members: &Map<String, Value>) {
        for (name, member) in members {
            if self.is_full() {
                return;
            }
            self.no_nul(spot, name);
            let inside = JsonPath::Member(spot, name);
            if name.len() > MAX_MEMBER_NAME_CHARS && name.chars().count() > MAX_MEMBER_NAME_CHARS {
                let detail = format!(
                    "Use at most {MAX_MEMBER_NAME_CHARS} characters for the name of a member."
                );
                self.fail(inside, "too_long", detail);
            }
            self.document(&inside, member);
        }
    }

    /// Checks a value for NUL characters: PostgreSQL cannot store U+0000 in text or JSON.
    fn document(&mut self, spot: &JsonPath, value: &Value) {
        match value {
            Value::String(text) => self.no_nul(spot, text),
            Value::Array(values) => {
                for (i, value) in values.iter().enumerate() {
                    if self.is_full() {
                        return;
                    }
                    self.document(&JsonPath::Element(spot, i), value);
                }
            }
            Value::Object(members) => self.members(spot, members),
            _ => {}
        }
    }

    pub fn labels(&mut self, pointer: impl Display, labels: &BTreeMap<String, String>) {
        if labels.len() > MAX_LABELS {
            self.fail(
                &pointer,
                "too_many",
                format!(
                    "Use at most {MAX_LABELS} labels; these are {}.",
                    labels.len()
                ),
            );
        }
        let root = JsonPath::Root(&pointer);
        for (key, value) in labels {
            if self.is_full() {
                return;
            }
            self.label_key(root, key);
            self.text(JsonPath::Member(&root, key), Some(value), MAX_SHORT_CHARS);
        }
    }

    pub fn label_key(&mut self, labels: JsonPath, key: &str) {
        if !is_label_key(key) {
            let detail = format!(
                "Use 1 to {MAX_LABEL_CHARS} of the characters A-Z a-z 0-9 . _ / - as the name of a \
                label."
            );
            self.fail(JsonPath::Member(&labels, key), "invalid_label", detail);
        }
    }

    pub fn no_nul(&mut self, pointer: impl Display, text: &str) {
        if text.contains('\0') {
            self.fail(
                pointer,
                "nul_character",
                "Take the NUL character (U+0000) out: no database here can hold it.",
            );
        }
    }
}
