//! Fields of a legacy record while a source reads it. The source takes the fields out one by one,
//! and [`Fields::finish`] keeps the rest.

use super::{legacy::Legacy, repair, secrets};
use serde_json::{Map, Value};

/// Repair rule for a name that occurs more than once in an object.
pub const LAST_COUNTS: &str = "last_value_of_a_repeated_name_counts";

pub struct Fields {
    members: Map<String, Value>,
    pub legacy: Legacy,
}

impl Fields {
    pub fn new(members: Map<String, Value>) -> Self {
        Self {
            members,
            legacy: Legacy::default(),
        }
    }

    /// Takes a value; `None` when it is null or missing.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|v| !v.is_null())
    }

    /// Takes a string. A value of another type goes to `context.legacy`.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            other => self.aside(name, other),
        }
    }

    /// Takes a string, or the JSON text of a value of another type: for fields that only people
    /// read.
    pub fn words(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    /// Takes an object. A value of another type goes to `context.legacy`.
    pub fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.take(name)? {
            Value::Object(members) => Some(members),
            other => self.aside(name, other),
        }
    }

    /// Takes a value that a database may have stored as JSON text: parses a string, and returns any
    /// other value unchanged. A string that is not JSON goes to `context.legacy`.
    pub fn json(&mut self, name: &str) -> Option<Value> {
        let value = self.take(name)?;
        let Value::String(text) = &value else {
            return Some(value);
        };
        let Ok(repair::Read {
            value: mut read,
            rules,
            repeated,
            too_deep: false,
            ..
        }) = repair::read(text.as_bytes())
        else {
            return self.aside(name, value);
        };
        if secrets::remove_from(name, &mut read) {
            self.legacy.repaired(name, "secret_removed");
        }
        rules
            .into_iter()
            .for_each(|rule| self.legacy.repaired(name, rule));
        repeated
            .into_iter()
            .for_each(|_| self.legacy.repaired(name, LAST_COUNTS));
        Some(read).filter(|read| !read.is_null())
    }

    /// Takes an object, or a string that holds one as JSON. Anything else goes to `context.legacy`.
    pub fn json_object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.json(name)? {
            Value::Object(members) => Some(members),
            other => self.aside(name, other),
        }
    }

    /// Takes a counter whose items were counted anew. A differing value goes to `context.legacy`.
    pub fn recount(&mut self, name: &str, counted: usize) {
        let given = self.whole(name);
        if let Some(given) = given.filter(|given| usize::try_from(*given) != Ok(counted)) {
            self.legacy.repair(name, "counter_recomputed", given.into());
        }
    }

    /// Renames a member, unless the new name has a value already.
    pub fn rename(&mut self, from: &str, to: &str) {
        if self.look(to).is_none()
            && let Some(value) = self.take(from)
        {
            self.members.insert(to.to_owned(), value);
        }
    }

    /// Moves an unknown word to `context.legacy`, and returns `None`.
    pub fn keep_odd<T>(&mut self, name: &str, word: &str) -> Option<T> {
        self.aside(name, word.into())
    }

    /// Returns a member without taking it; `None` when it is null or missing.
    pub fn look(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Sets a member, replacing any value.
    pub fn replace(&mut self, name: &str, value: Value) {
        self.members.insert(name.to_owned(), value);
    }

    /// Sets a member that is null or missing.
    pub fn give(&mut self, name: &str, value: Value) {
        if self.look(name).is_none() {
            self.members.insert(name.to_owned(), value);
        }
    }

    /// Takes an integer. A value of another type goes to `context.legacy`.
    pub fn whole(&mut self, name: &str) -> Option<i64> {
        let value = self.take(name)?;
        whole(&value).or_else(|| self.aside(name, value))
    }

    /// Moves every field that was not taken to `context.legacy`, and returns what is kept.
    pub fn finish(mut self) -> Legacy {
        for (name, value) in self.members {
            self.legacy.keep(&name, value);
        }
        self.legacy
    }

    fn aside<T>(&mut self, name: &str, value: Value) -> Option<T> {
        self.legacy.repair(name, "wrong_type_kept_aside", value);
        None
    }
}

/// Returns a member if it is a string, without taking it.
pub fn text_of(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name)?.as_str().map(str::to_owned)
}

/// Returns a number without a fraction as an integer; `3.0` is one.
pub fn whole(value: &Value) -> Option<i64> {
    let float = |f: f64| (f.fract() == 0.0 && f.abs() < 9e15).then_some(f as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(float))
}
