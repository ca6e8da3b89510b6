//! Order of the items in the text of a record, which the parsed object does not keep.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Returns the items, an object by id, as a list in the order of the text; `None` if the text
/// cannot be read.
pub fn in_order(items: &mut Map<String, Value>, raw: &[u8]) -> Option<Value> {
    let order = serde_json::from_slice::<Order>(raw).ok()?;
    let item = |id: String| {
        let mut item = items.remove(&id)?;
        if let Value::Object(members) = &mut item {
            members.entry("id").or_insert(id.into());
        }
        Some(item)
    };
    Some(order.items.0.into_iter().filter_map(item).collect())
}

/// Ids of the items in the order of the text, which the parsed object does not keep.
#[derive(serde::Deserialize)]
struct Order {
    items: Names,
}

struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object by id")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, _)) = members.next_entry::<String, IgnoredAny>()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
