//! A record of a store while it is read: fields are taken out one by one, and whatever is left at the end is kept.

use super::kept::Kept;
use serde_json::{Map, Value};

pub struct Fields {
    members: Map<String, Value>,
    pub kept: Kept,
}

impl Fields {
    pub fn new(members: Map<String, Value>) -> Self {
        Self { members, kept: Kept::default() }
    }

    /// The value; `None` when it is null or not there.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|v| !v.is_null())
    }

    /// The text; a value of another kind is kept aside.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            other => self.aside(name, other),
        }
    }

    /// The text, or the JSON text of a value of another kind: for texts that are only read by people.
    pub fn words(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    /// The object; a value of another kind is kept aside.
    pub fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.take(name)? {
            Value::Object(members) => Some(members),
            other => self.aside(name, other),
        }
    }

    /// The whole number; a value of another kind is kept aside.
    pub fn whole(&mut self, name: &str) -> Option<i64> {
        let value = self.take(name)?;
        whole(&value).or_else(|| self.aside(name, value))
    }

    /// Everything that was not taken is kept.
    pub fn finish(mut self) -> Kept {
        for (name, value) in self.members {
            self.kept.keep(&name, value);
        }
        self.kept
    }

    fn aside<T>(&mut self, name: &str, value: Value) -> Option<T> {
        self.kept.repair(name, "wrong_type_kept_aside", value);
        None
    }
}

/// The member's text, when it is one.
pub fn text_of(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name)?.as_str().map(str::to_owned)
}

/// A number without a fraction; `3.0` is one.
pub fn whole(value: &Value) -> Option<i64> {
    let float = |f: f64| (f.fract() == 0.0 && f.abs() < 9e15).then_some(f as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(float))
}
