//! Parts of a record that have no column: unknown fields, raw values of repaired fields, and the
//! repair rules.
//!
//! They become the job's `context`: `{"legacy": {FIELD: VALUE}, "repairs": [{"field", "rule"}]}`.

use super::{assumed::Assumed, rules};
use serde_json::{Map, Value, json};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Legacy {
    legacy: Map<String, Value>,
    repairs: Vec<Repair>,
    /// What the importer took for granted about the record.
    pub assumed: Assumed,
}

/// A repaired field, and the rule that repaired it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Name of the field; empty for the record as a whole.
    pub field: String,
    pub rule: &'static str,
}

impl Legacy {
    /// Keeps a value under its name in the store, unless the name has one. A null is not kept,
    /// since it means the same as a missing field.
    pub fn keep(&mut self, name: &str, value: Value) {
        if !value.is_null() {
            self.legacy.entry(name).or_insert(value);
        }
    }

    /// Notes that this rule repaired the field.
    pub fn repaired(&mut self, field: impl Into<String>, rule: &'static str) {
        debug_assert!(!rules::meaning(rule).is_empty(), "no rule {rule}");
        self.repairs.push(Repair {
            field: field.into(),
            rule,
        });
    }

    /// Notes the repair of a field, unless it is noted already.
    pub fn repaired_once(&mut self, field: &str, rule: &'static str) {
        let noted = |repair: &Repair| repair.field == field && repair.rule == rule;
        if !self.repairs.iter().any(noted) {
            self.repaired(field, rule);
        }
    }

    /// Notes the repair of a field, and keeps its raw value.
    pub fn repair(&mut self, field: &str, rule: &'static str, raw: Value) {
        self.keep(field, raw);
        self.repaired(field, rule);
    }

    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    pub fn into_context(self) -> Option<Value> {
        let mut context = Map::new();
        if !self.legacy.is_empty() {
            context.insert("legacy".into(), Value::Object(self.legacy));
        }
        if !self.repairs.is_empty() {
            let repairs = self
                .repairs
                .into_iter()
                .map(|Repair { field, rule }| json!({"field": field, "rule": rule}));
            context.insert("repairs".into(), repairs.collect());
        }
        (!context.is_empty()).then_some(Value::Object(context))
    }
}
