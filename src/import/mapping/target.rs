//! Fields of a job that a map can name.

use std::{fmt, str::FromStr};

/// Fields with a value of their own, under the names of the API.
pub const PLAIN: [&str; 22] = [
    "job_id",
    "job_type",
    "status",
    "mode",
    "content",
    "user_requirement",
    "style",
    "project_title",
    "working_dir",
    "progress",
    "progress_fraction",
    "current_stage",
    "error",
    "total_shots",
    "completed_shots",
    "created_at",
    "updated_at",
    "started_at",
    "completed_at",
    "run_at",
    "priority",
    "items",
];

/// Other names of the same fields.
const ALIASES: [(&str, &str); 8] = [
    ("id", "job_id"),
    ("type", "job_type"),
    ("title", "project_title"),
    ("error_message", "error"),
    ("request_data", "request"),
    ("result_data", "result"),
    ("total_items", "total_shots"),
    ("completed_items", "completed_shots"),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A field of [`PLAIN`], or the whole request or result.
    Field(String),
    /// A member of the request.
    Request(String),
    /// A member of the result.
    Result(String),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let (head, rest) = match name.split_once('.') {
            Some((head, rest)) => (head, Some(rest)),
            None => (name, None),
        };
        let alias = ALIASES.iter().find(|(alias, _)| *alias == head);
        let head = alias.map_or(head, |(_, name)| name);
        match (head, rest) {
            ("request", Some(path)) if !path.is_empty() => Ok(Target::Request(path.to_owned())),
            ("result", Some(path)) if !path.is_empty() => Ok(Target::Result(path.to_owned())),
            ("request" | "result", None) => Ok(Target::Field(head.to_owned())),
            (field, None) if PLAIN.contains(&field) => Ok(Target::Field(field.to_owned())),
            _ => Err(format!(
                "`{name}` is no field of a job: use {}, request.NAME or result.NAME",
                PLAIN.join(", ")
            )),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Field(name) => f.write_str(name),
            Target::Request(path) => write!(f, "request.{path}"),
            Target::Result(path) => write!(f, "result.{path}"),
        }
    }
}
