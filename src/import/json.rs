//! JSON as `serde_json` reads it, and which names stood in an object more than once: the last value of a name counts,
//! as it does for Python, and that there were others is told.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, map::Entry};
use std::{cell::RefCell, fmt};

/// Names that are told of; a text that is made of nothing else fills no memory.
const TOLD: usize = 16;

/// The value, and the names that stood more than once in some object of it.
pub fn parse(text: &[u8]) -> serde_json::Result<(Value, Vec<String>)> {
    let repeated = RefCell::default();
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = Reader(&repeated).deserialize(&mut json)?;
    json.end()?;
    Ok((value, repeated.into_inner()))
}

#[derive(Clone, Copy)]
struct Reader<'a>(&'a RefCell<Vec<String>>);

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
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let value = object.next_value_seed(self)?;
            match members.entry(name) {
                Entry::Vacant(place) => drop(place.insert(value)),
                Entry::Occupied(mut place) => {
                    let mut told = self.0.borrow_mut();
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
        let (value, repeated) = parse(br#"{"a": 1, "b": [{"c": 1, "c": 2, "c": 3}], "a": null}"#).unwrap();
        assert_eq!((value, repeated), (json!({"a": null, "b": [{"c": 3}]}), vec!["c".to_owned(), "a".to_owned()]));
        assert!(parse(b"{} {}").is_err() && parse("[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn what_serde_json_reads_is_read_alike(text in r#"[\[\]{}:,"0-9a-fenrtul.\\+-]{0,24}"#, float: f64, whole: i64) {
            let wanted = serde_json::from_str::<Value>(&text).ok();
            prop_assert_eq!(parse(text.as_bytes()).ok().map(|(value, _)| value), wanted);
            let numbers = json!([float, whole, whole as u64]);
            prop_assert_eq!(parse(numbers.to_string().as_bytes()).unwrap().0, numbers);
        }
    }
}
