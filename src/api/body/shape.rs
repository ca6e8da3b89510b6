//! Schema of the published document, with which the server validates request bodies.
//!
//! The jsonschema library rejects an invalid body quickly, but its list of errors has an entry for
//! every invalid element with the whole pointer to it, which can be larger than any response. So
//! this module collects the errors itself, node by node, and stops when it has enough of them.

use super::{
    inline::{constrains, inline, remove, resolved},
    words::words,
};
use crate::{
    api::{problem::Problem, spec},
    error::{FieldError, MAX_ERRORS},
    jobs::JsonPath,
};
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind as Kind};
use poem::Result;
use poem_openapi::{registry::MetaSchemaRef, types::Type};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

pub struct BodySchema {
    judge: Validator,
    root: SchemaNode,
}

/// A schema without its subschemas, which are nodes themselves.
struct SchemaNode {
    own: Validator,
    members: BTreeMap<String, SchemaNode>,
    others: AdditionalProperties,
    names: Option<Validator>,
    elements: Option<Box<SchemaNode>>,
    unique: bool,
}

/// Rule for members that the schema does not name.
enum AdditionalProperties {
    Any,
    Refused,
    Like(Box<SchemaNode>),
}

impl BodySchema {
    /// Returns the schema of the type. The first call builds it.
    pub fn of<T: Type>() -> Result<Arc<Self>> {
        static CACHE: LazyLock<RwLock<HashMap<String, Arc<BodySchema>>>> =
            LazyLock::new(Default::default);
        let MetaSchemaRef::Reference(name) = T::schema_ref() else {
            return Err(Problem::internal("the body's schema has no name").into());
        };
        if let Some(made) = CACHE
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&name)
        {
            return Ok(made.clone());
        }
        static SCHEMAS: LazyLock<Value> = LazyLock::new(spec::schemas_with_rules);
        let made = BodySchema::make(&name, &SCHEMAS).map_err(|error| {
            Problem::internal(&format!("the schema of {name} is wrong: {error}"))
        })?;
        let made = Arc::new(made);
        CACHE
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, made.clone());
        Ok(made)
    }

    fn make(name: &str, schemas: &Value) -> Result<Self, String> {
        let mut whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": format!("#/components/schemas/{name}"),
            "components": {"schemas": schemas},
        });
        // The library compares elements by a hash for which a client can construct collisions.
        remove(&mut whole, "uniqueItems");
        Ok(Self {
            judge: validator(&whole)?,
            root: SchemaNode::make(&schemas[name], schemas)?,
        })
    }

    /// Returns the first [`MAX_ERRORS`] errors of the body.
    pub fn errors(&self, body: &Value) -> Vec<FieldError> {
        let mut errors = Vec::new();
        // Validating is cheaper than collecting errors, and most bodies are valid.
        if !self.judge.is_valid(body) || !self.root.is_unique(body) {
            self.root.find(body, &JsonPath::Root(&""), &mut errors);
            if errors.is_empty() {
                errors.push(FieldError::at(
                    "",
                    "invalid",
                    "This value does not match its schema: see /openapi.json.",
                ));
            }
        }
        errors.truncate(MAX_ERRORS);
        errors
    }
}

impl SchemaNode {
    fn make(schema: &Value, schemas: &Value) -> Result<Self, String> {
        let schema = resolved(schema, schemas);
        let inside = |name: &str| schema.get(name).filter(|inside| constrains(inside));
        let node = |schema: &Value| Self::make(schema, schemas).map(Box::new);
        let members = schema["properties"].as_object().into_iter().flatten();
        let mut own = schema.clone();
        for name in [
            "properties",
            "additionalProperties",
            "propertyNames",
            "items",
            "uniqueItems",
        ] {
            own.as_object_mut().map(|own| own.remove(name));
        }
        inline(&mut own, schemas);
        Ok(Self {
            own: validator(&own)?,
            members: members
                .map(|(name, schema)| Ok((name.clone(), Self::make(schema, schemas)?)))
                .collect::<Result<_, String>>()?,
            others: match inside("additionalProperties") {
                None => AdditionalProperties::Any,
                Some(Value::Bool(_)) => AdditionalProperties::Refused,
                Some(schema) => AdditionalProperties::Like(node(schema)?),
            },
            names: inside("propertyNames").map(validator).transpose()?,
            elements: inside("items").map(node).transpose()?,
            unique: schema["uniqueItems"] == true,
        })
    }

    fn is_unique(&self, value: &Value) -> bool {
        match value {
            Value::Object(members) => {
                let node = |(name, value)| {
                    self.members
                        .get(name)
                        .is_none_or(|n: &SchemaNode| n.is_unique(value))
                };
                members.iter().all(node)
            }
            Value::Array(values) => {
                let mut seen = HashSet::new();
                values.iter().all(|value| {
                    (!self.unique || seen.insert(value))
                        && self
                            .elements
                            .as_ref()
                            .is_none_or(|node| node.is_unique(value))
                })
            }
            _ => true,
        }
    }

    fn find(&self, value: &Value, spot: &JsonPath, errors: &mut Vec<FieldError>) {
        let mut too_large = false;
        for error in self.own.iter_errors(value) {
            too_large |= matches!(
                error.kind(),
                Kind::MaxItems { .. } | Kind::MaxProperties { .. }
            );
            errors.push(words(&error, spot));
        }
        match value {
            // One error about the size is enough: checking all elements of a huge list would take
            // long.
            _ if too_large => {}
            Value::Object(members) => self.find_in_members(members, spot, errors),
            Value::Array(values) => self.find_in_elements(values, spot, errors),
            _ => {}
        }
    }

    fn find_in_members(
        &self,
        members: &Map<String, Value>,
        spot: &JsonPath,
        errors: &mut Vec<FieldError>,
    ) {
        for (name, value) in members {
            if errors.len() >= MAX_ERRORS {
                return;
            }
            let inside = JsonPath::Member(spot, name);
            if let Some(error) = self
                .names
                .as_ref()
                .and_then(|names| wrong_name(names, name, spot))
            {
                errors.push(error);
            }
            match (self.members.get(name), &self.others) {
                (Some(node), _) => node.find(value, &inside, errors),
                (None, AdditionalProperties::Like(node)) => node.find(value, &inside, errors),
                (None, AdditionalProperties::Any) => {}
                (None, AdditionalProperties::Refused) => {
                    let detail = "Unknown field; remove it.";
                    errors.push(FieldError::at(inside.to_string(), "unknown_field", detail));
                }
            }
        }
    }

    fn find_in_elements(&self, values: &[Value], spot: &JsonPath, errors: &mut Vec<FieldError>) {
        let mut seen = HashSet::new();
        if self.unique && !values.iter().all(|value| seen.insert(value)) {
            let detail = "The list has the same item twice: give each a different key.";
            errors.push(FieldError::at(spot.to_string(), "duplicate_key", detail));
        }
        let Some(node) = &self.elements else { return };
        for (i, value) in values.iter().enumerate() {
            if errors.len() >= MAX_ERRORS {
                return;
            }
            node.find(value, &JsonPath::Element(spot, i), errors);
        }
    }
}

fn wrong_name(names: &Validator, name: &str, spot: &JsonPath) -> Option<FieldError> {
    let name = Value::from(name);
    let error: ValidationError = names.iter_errors(&name).next()?;
    let detail = format!("Invalid name. {}", words(&error, spot).detail);
    Some(FieldError::at(spot.to_string(), "invalid_name", detail))
}

fn validator(schema: &Value) -> Result<Validator, String> {
    let made = jsonschema::options()
        .should_validate_formats(true)
        .build(schema);
    made.map_err(|error| error.to_string())
}
