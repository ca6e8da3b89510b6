//! Whole numbers that a body has with a point.

use serde_json::Value;

/// Bound of the whole numbers that a float holds exactly, 2 to the power of 53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Integer fields of a job to create.
const JOB_INTEGERS: [&str; 3] = ["priority", "max_attempts", "max_run_seconds"];

/// Integer fields of list elements. Other members of the elements may hold any value and must stay
/// unchanged.
const INTEGER_FIELDS: [(&str, &[&str]); 3] = [
    ("items", &["idx"]),
    ("outcomes", &["retry_after_seconds"]),
    ("jobs", &JOB_INTEGERS),
];

/// Converts numbers such as 9.0 to integers: JSON Schema accepts them as integers, the parser does
/// not.
pub fn whole_numbers(body: &mut Value) {
    let Value::Object(members) = body else { return };
    for (list, fields) in INTEGER_FIELDS {
        let elements = members
            .get_mut(list)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten();
        for element in elements.filter_map(Value::as_object_mut) {
            element
                .iter_mut()
                .filter(|(name, _)| fields.contains(&name.as_str()))
                .for_each(|(_, n)| whole_number(n));
        }
    }
    // The template of a schedule is a job.
    let template = members.get_mut("template").and_then(Value::as_object_mut);
    let of_template = template
        .into_iter()
        .flat_map(|template| template.iter_mut());
    of_template
        .filter(|(name, _)| JOB_INTEGERS.contains(&name.as_str()))
        .for_each(|(_, n)| whole_number(n));
    for member in members.values_mut() {
        whole_number(member);
    }
}

fn whole_number(value: &mut Value) {
    let whole = value
        .as_f64()
        .filter(|n| value.is_f64() && n.fract() == 0.0 && n.abs() < MAX_EXACT);
    if let Some(n) = whole {
        *value = Value::from(n as i64);
    }
}
