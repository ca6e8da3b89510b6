//! JSON parsed as `serde_json` parses it, with a report of names that occur more than once in an
//! object. The last value of such a name wins, as in Python.

use crate::strict_json::RESERVED_NAME;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, map::Entry};
use std::{
    cell::{Cell, RefCell},
    fmt,
};

/// Maximum repeated names to report, so that a text full of them cannot fill the memory.
const MAX_REPEATED: usize = 16;

/// Name that a member with [`RESERVED_NAME`] gets.
const RENAMED: &str = "serde_json RawValue";

/// Maximum memory for the values of a record, in bytes.
pub const MAX_VALUE_BYTES: usize = 48 << 20;

/// Estimated memory of a value, in bytes. [`OBJECT_BYTES`] is that of an object besides its values.
const VALUE_BYTES: usize = 48;
const OBJECT_BYTES: usize = 640;

/// Magnitude from which a float may have been an integer that does not fit 64 bits.
const MIN_LOSSY_FLOAT: f64 = 9.2e18;

/// A parsed value, and the findings that need a repair.
pub struct Parsed {
    pub value: Value,
    /// Names that occur more than once in one object of the value.
    pub repeated: Vec<String>,
    /// Whether an integer of more than 64 bits may have lost its last digits.
    pub large: bool,
    /// Whether a member had the reserved name.
    pub renamed: bool,
    /// Deepest nesting of lists and objects.
    pub depth: usize,
}

/// Reason why a text could not be parsed.
#[derive(Debug)]
pub enum Unread {
    Malformed(serde_json::Error),
    /// The values would need more than [`MAX_VALUE_BYTES`] bytes of memory.
    TooMany,
}

pub fn parse(text: &[u8]) -> Result<Parsed, Unread> {
    let noticed = Findings::default();
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = ValueVisitor {
        noticed: &noticed,
        depth: 0,
    }
    .deserialize(&mut json);
    let value = value.and_then(|value| json.end().map(|()| value));
    let value = value.map_err(|error| match noticed.weight.get() > MAX_VALUE_BYTES {
        true => Unread::TooMany,
        false => Unread::Malformed(error),
    })?;
    Ok(Parsed {
        value,
        repeated: noticed.repeated.into_inner(),
        large: noticed.large.get(),
        renamed: noticed.renamed.get(),
        depth: noticed.depth.get(),
    })
}

#[derive(Default)]
struct Findings {
    repeated: RefCell<Vec<String>>,
    /// Whether a float is so large that it may have been an integer.
    large: Cell<bool>,
    renamed: Cell<bool>,
    depth: Cell<usize>,
    weight: Cell<usize>,
}

impl Findings {
    fn weigh<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        self.weight.set(self.weight.get() + bytes);
        if self.weight.get() > MAX_VALUE_BYTES {
            Err(E::custom("too many values"))
        } else {
            Ok(())
        }
    }
}

#[derive(Clone, Copy)]
struct ValueVisitor<'a> {
    noticed: &'a Findings,
    depth: usize,
}

impl ValueVisitor<'_> {
    fn below(self) -> Self {
        let depth = self.depth + 1;
        self.noticed.depth.set(self.noticed.depth.get().max(depth));
        Self { depth, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for ValueVisitor<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueVisitor<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        if value.abs() >= MIN_LOSSY_FLOAT {
            self.noticed.large.set(true);
        }
        Ok(value.into())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.noticed.weigh(value.len())?;
        Ok(value.into())
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.noticed.weigh(value.len())?;
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let below = self.below();
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(below)? {
            self.noticed.weigh(VALUE_BYTES)?;
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let below = self.below();
        let mut members = Map::new();
        self.noticed.weigh(OBJECT_BYTES)?;
        while let Some(name) = object.next_key::<String>()? {
            self.noticed.weigh(VALUE_BYTES + name.len())?;
            let value = object.next_value_seed(below)?;
            let name = if name == RESERVED_NAME {
                self.noticed.renamed.set(true);
                RENAMED.to_owned()
            } else {
                name
            };
            match members.entry(name) {
                Entry::Vacant(place) => drop(place.insert(value)),
                Entry::Occupied(mut place) => {
                    let mut repeated = self.noticed.repeated.borrow_mut();
                    if repeated.len() < MAX_REPEATED && !repeated.contains(place.key()) {
                        repeated.push(place.key().clone());
                    }
                    place.insert(value);
                }
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_reserved_name_is_replaced_and_its_value_stays_a_text() {
        let read = parse(format!(r#"[{{"{RESERVED_NAME}": "[1]"}}]"#).as_bytes()).unwrap();
        assert!(read.renamed);
        assert_eq!(read.value, json!([{RENAMED: "[1]"}]));
    }

    #[test]
    fn the_last_value_of_a_name_counts_and_the_name_is_told() {
        let read = parse(br#"{"a": 1, "b": [{"c": 1, "c": 2, "c": 3}], "a": null}"#).unwrap();
        assert_eq!(
            (read.value, read.repeated),
            (
                json!({"a": null, "b": [{"c": 3}]}),
                vec!["c".to_owned(), "a".to_owned()]
            )
        );
        assert!(parse(b"{} {}").is_err() && parse("[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn what_serde_json_reads_is_read_alike(text in r#"[\[\]{}:,"0-9a-fenrtul.\\+-]{0,24}"#, float: f64, whole: i64) {
            let wanted = serde_json::from_str::<Value>(&text).ok();
            prop_assert_eq!(parse(text.as_bytes()).ok().map(|read| read.value), wanted);
            let numbers = json!([float, whole, whole as u64]);
            prop_assert_eq!(parse(numbers.to_string().as_bytes()).unwrap().value, numbers);
        }
    }
}
