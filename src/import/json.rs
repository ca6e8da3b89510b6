//! JSON as `serde_json` reads it, and which names stood in an object more than once: the last value of a name counts,
//! as it does for Python, and that there were others is told.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, map::Entry};
use std::{
    cell::{Cell, RefCell},
    fmt,
};

/// Names that are told of; a text that is made of nothing else fills no memory.
const TOLD: usize = 16;

/// Lists and objects in each other that a store may have. The reader takes 127, and in an export a value stands a few
/// levels deeper than in its store.
pub const DEEPEST: usize = 120;

/// Bytes of memory that the values of a record may take.
pub const HEAVIEST: usize = 48 << 20;

/// What a value, and an object beyond its values, take of it.
const VALUE: usize = 48;
const OBJECT: usize = 640;

/// From here on a whole number is read as a float.
const LARGE: f64 = 9.2e18;

/// What was read, and what had to be noticed on the way.
pub struct Parsed {
    pub value: Value,
    /// The names that stood more than once in some object of it.
    pub repeated: Vec<String>,
    /// Whether there may be a whole number of more than 64 bits, of which the value has the first digits only.
    pub large: bool,
    /// How many lists and objects stand in each other.
    pub depth: usize,
}

/// Why a text was not read.
#[derive(Debug)]
pub enum Unread {
    Malformed(serde_json::Error),
    /// It has more values than memory is to be filled with.
    TooMany,
}

pub fn parse(text: &[u8]) -> Result<Parsed, Unread> {
    let noticed = Noticed::default();
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = Reader { noticed: &noticed, depth: 0 }.deserialize(&mut json);
    let value = value.and_then(|value| json.end().map(|()| value));
    let value = value.map_err(|error| match noticed.weight.get() > HEAVIEST {
        true => Unread::TooMany,
        false => Unread::Malformed(error),
    })?;
    Ok(Parsed {
        value,
        repeated: noticed.repeated.into_inner(),
        large: noticed.large.get(),
        depth: noticed.depth.get(),
    })
}

#[derive(Default)]
struct Noticed {
    repeated: RefCell<Vec<String>>,
    /// A float so large that it may have been a whole number.
    large: Cell<bool>,
    depth: Cell<usize>,
    weight: Cell<usize>,
}

impl Noticed {
    fn weigh<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        self.weight.set(self.weight.get() + bytes);
        if self.weight.get() > HEAVIEST { Err(E::custom("too many values")) } else { Ok(()) }
    }
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    noticed: &'a Noticed,
    depth: usize,
}

impl Reader<'_> {
    fn below(self) -> Self {
        let depth = self.depth + 1;
        self.noticed.depth.set(self.noticed.depth.get().max(depth));
        Self { depth, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
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
        if value.abs() >= LARGE {
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
            self.noticed.weigh(VALUE)?;
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let below = self.below();
        let mut members = Map::new();
        self.noticed.weigh(OBJECT)?;
        while let Some(name) = object.next_key::<String>()? {
            self.noticed.weigh(VALUE + name.len())?;
            let value = object.next_value_seed(below)?;
            match members.entry(name) {
                Entry::Vacant(place) => drop(place.insert(value)),
                Entry::Occupied(mut place) => {
                    let mut told = self.noticed.repeated.borrow_mut();
                    if told.len() < TOLD && !told.contains(place.key()) {
                        told.push(place.key().clone());
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
    fn the_last_value_of_a_name_counts_and_the_name_is_told() {
        let read = parse(br#"{"a": 1, "b": [{"c": 1, "c": 2, "c": 3}], "a": null}"#).unwrap();
        assert_eq!(
            (read.value, read.repeated),
            (json!({"a": null, "b": [{"c": 3}]}), vec!["c".to_owned(), "a".to_owned()])
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
