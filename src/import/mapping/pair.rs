//! Pair of a map: the name of a member in the store, and its target.

use super::target::Target;
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug)]
pub struct Pair {
    /// Name of the member in the store; with dots, of a member inside others.
    pub source: String,
    pub target: Target,
    /// Whether a record had the member.
    pub met: AtomicBool,
}

impl Pair {
    pub fn new(entry: &str) -> Result<Self, String> {
        let (source, name) = entry.split_once('=').ok_or_else(|| {
            format!("`{entry}` has to be THEIRS=OURS, for example videoUrl=result.video_path")
        })?;
        let (source, name) = (source.trim(), name.trim());
        if source.is_empty() {
            return Err(format!("`{entry}` does not name the field of the store"));
        }
        let target = name
            .parse::<Target>()
            .map_err(|why| match source.parse::<Target>() {
                Ok(_) => format!("{why}; the field of the store comes first: {name}={source}"),
                Err(_) => why,
            })?;
        Ok(Self {
            source: source.to_owned(),
            target,
            met: AtomicBool::new(false),
        })
    }

    /// First name of the path into the record.
    pub fn head(&self) -> &str {
        self.source.split('.').next().unwrap_or(&self.source)
    }

    /// Takes the value out of the record. A name with dots may also be that of one member.
    pub fn take(&self, record: &mut Map<String, Value>) -> Option<Value> {
        let value = if record.contains_key(&self.source) {
            record.remove(&self.source)
        } else {
            take_path(record, &self.source)
        }?;
        self.met.store(true, Ordering::Relaxed);
        (!value.is_null()).then_some(value)
    }
}

fn take_path(record: &mut Map<String, Value>, path: &str) -> Option<Value> {
    let (head, rest) = path.split_once('.')?;
    let members = match record.get_mut(head)? {
        Value::Object(members) => members,
        // A database keeps JSON as text.
        text @ Value::String(_) => {
            let parsed = serde_json::from_str(text.as_str()?).ok()?;
            *text = Value::Object(parsed);
            text.as_object_mut()?
        }
        _ => return None,
    };
    if members.contains_key(rest) {
        members.remove(rest)
    } else {
        take_path(members, rest)
    }
}
