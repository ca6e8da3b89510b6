//! Columns of a table of jobs: which field of a job each fills.

use crate::strict_json;
use serde_json::{Map, Value};

/// Fields of a job with a text.
const TEXTS: [&str; 13] = [
    "job_type",
    "job_id",
    "mode",
    "content",
    "user_requirement",
    "style",
    "project_title",
    "working_dir",
    "episode_id",
    "series_id",
    "run_at",
    "client_id",
    "run",
];

/// Fields of a job with a number.
const NUMBERS: [&str; 3] = ["priority", "max_attempts", "max_run_seconds"];

/// Fields of a job whose cells are JSON.
const JSON: [&str; 4] = ["request_data", "context", "labels", "items"];

/// Objects of a job that may have a column for each member, e.g. `labels.team`.
const OBJECTS: [(&str, &str); 4] = [
    ("request_data", "request_data"),
    ("context", "context"),
    ("labels", "labels"),
    ("label", "labels"),
];

/// Short names, as the flags of `jobs create` have them.
const SHORT: [(&str, &str); 4] = [
    ("type", "job_type"),
    ("id", "job_id"),
    ("title", "project_title"),
    ("requirement", "user_requirement"),
];

/// Returns the field of a job for its name or its short name.
pub fn field(name: &str) -> &str {
    let short = SHORT.iter().find(|(short, _)| *short == name);
    short.map_or(name, |(_, field)| *field)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    Text(String),
    Number(String),
    Json(String),
    /// A member of an object.
    Member(&'static str, String),
}

impl Column {
    /// Finds the column of a name in the table's first line.
    pub fn named(name: &str) -> Result<Self, String> {
        let name = name.trim();
        let lower = name.to_ascii_lowercase().replace([' ', '-'], "_");
        let known = field(&lower);
        if TEXTS.contains(&known) {
            return Ok(Self::Text(known.to_owned()));
        }
        if NUMBERS.contains(&known) {
            return Ok(Self::Number(known.to_owned()));
        }
        if JSON.contains(&known) {
            return Ok(Self::Json(known.to_owned()));
        }
        let member = name.split_once(['.', ':']).and_then(|(object, member)| {
            let object = object.to_ascii_lowercase();
            let (_, object) = OBJECTS.iter().find(|(known, _)| *known == object)?;
            (!member.is_empty()).then(|| Self::Member(object, member.to_owned()))
        });
        member.ok_or_else(|| unknown(name))
    }

    /// Puts the text of a cell into the fields of a job; an empty cell puts nothing.
    pub fn fill(&self, cell: &str, fields: &mut Map<String, Value>) -> Result<(), String> {
        if cell.trim().is_empty() {
            return Ok(());
        }
        match self {
            Self::Text(name) => drop(fields.insert(name.clone(), cell.into())),
            Self::Number(name) => {
                let number = cell.trim().parse::<i64>();
                let number =
                    number.map_err(|_| format!("{name}: use a whole number, not {cell}"))?;
                fields.insert(name.clone(), number.into());
            }
            Self::Json(name) => {
                let value = strict_json::read_or_say(cell.as_bytes());
                let value = value.map_err(|error| format!("{name}: {error}"))?;
                merge(fields, name, value);
            }
            Self::Member(object, name) => {
                merge(
                    fields,
                    object,
                    [(name.as_str(), cell)].into_iter().collect(),
                );
            }
        }
        Ok(())
    }
}

/// Adds the members of an object to the one that the field has.
fn merge(fields: &mut Map<String, Value>, name: &str, value: Value) {
    match (fields.get_mut(name), value) {
        (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
        (_, value) => drop(fields.insert(name.to_owned(), value)),
    }
}

fn unknown(name: &str) -> String {
    let fields = || TEXTS.iter().chain(&NUMBERS).chain(&JSON);
    let lower = name.to_ascii_lowercase();
    let near = fields()
        .map(|field| (strsim::damerau_levenshtein(&lower, field), *field))
        .min()
        .filter(|(distance, field)| *distance <= field.len() / 3);
    let cure = match near {
        Some((_, field)) => format!("did you mean {field}?"),
        None => format!(
            "rename it to request_data.{} so that workers see it, or remove it",
            if name.is_empty() { "NAME" } else { name }
        ),
    };
    format!(
        "a job has no column {name:?}: {cure} (columns: {})",
        fields().copied().collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(cells: &[(&str, &str)]) -> Result<Value, String> {
        let mut fields = Map::new();
        for (name, cell) in cells {
            Column::named(name)?.fill(cell, &mut fields)?;
        }
        Ok(Value::Object(fields))
    }

    #[test]
    fn a_column_fills_a_field_or_a_member_of_one() {
        let fields = filled(&[
            ("type", "idea2video"),
            ("Project Title", "Night train"),
            ("priority", " 5 "),
            ("style", ""),
            ("labels", r#"{"team": "red"}"#),
            ("label.shift", "night"),
            ("request_data.Seed", "007"),
        ]);
        let expected = json!({
            "job_type": "idea2video", "project_title": "Night train", "priority": 5,
            "labels": {"team": "red", "shift": "night"}, "request_data": {"Seed": "007"},
        });
        assert_eq!(fields, Ok(expected));
    }

    #[test]
    fn an_unknown_column_is_refused_with_a_cure() {
        let refusal = |name| Column::named(name).unwrap_err();
        assert!(refusal("priorty").contains("did you mean priority?"));
        assert!(refusal("notes").contains("request_data.notes"));
        assert!(refusal("labels.").contains("no column"));
        assert!(filled(&[("priority", "high")]).is_err());
    }
}
