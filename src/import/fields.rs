//! A record of a store while it is read: fields are taken out one by one, and whatever is left at the end is kept.

use super::{kept::Kept, mend, secrets};
use serde_json::{Map, Value};

/// The rule of a name that stands more than once in an object.
pub const LAST_COUNTS: &str = "last_value_of_a_repeated_name_counts";

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

    /// The value that a text holds as JSON, as databases keep it; any other value as it is. A text that is none is kept
    /// aside.
    pub fn json(&mut self, name: &str) -> Option<Value> {
        let value = self.take(name)?;
        let Value::String(text) = &value else { return Some(value) };
        let Ok(mend::Read { value: mut read, rules, repeated, too_deep: false, .. }) = mend::read(text.as_bytes())
        else {
            return self.aside(name, value);
        };
        if secrets::remove_from(name, &mut read) {
            self.kept.repaired(name, "secret_removed");
        }
        rules.into_iter().for_each(|rule| self.kept.repaired(name, rule));
        repeated.into_iter().for_each(|_| self.kept.repaired(name, LAST_COUNTS));
        Some(read).filter(|read| !read.is_null())
    }

    /// The object, or the one that a text holds as JSON; a value of another kind is kept aside.
    pub fn json_object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.json(name)? {
            Value::Object(members) => Some(members),
            other => self.aside(name, other),
        }
    }

    /// A counter of what was counted anew: it is kept when it says otherwise.
    pub fn recount(&mut self, name: &str, counted: usize) {
        let given = self.whole(name);
        if let Some(given) = given.filter(|given| usize::try_from(*given) != Ok(counted)) {
            self.kept.repair(name, "counter_recomputed", given.into());
        }
    }

    /// Calls a member by another name, unless it has one of that name already.
    pub fn rename(&mut self, from: &str, to: &str) {
        if self.look(to).is_none()
            && let Some(value) = self.take(from)
        {
            self.members.insert(to.to_owned(), value);
        }
    }

    /// Keeps aside a word that none of a table's rows knows.
    pub fn keep_odd<T>(&mut self, name: &str, word: &str) -> Option<T> {
        self.aside(name, word.into())
    }

    /// Looks at a member and leaves it there.
    pub fn look(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Puts a value in the place of the member's.
    pub fn replace(&mut self, name: &str, value: Value) {
        self.members.insert(name.to_owned(), value);
    }

    /// Adds a member where there is none.
    pub fn give(&mut self, name: &str, value: Value) {
        if self.look(name).is_none() {
            self.members.insert(name.to_owned(), value);
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
