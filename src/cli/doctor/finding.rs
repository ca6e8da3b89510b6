//! Something that is wrong.

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Something may break, or costs time.
    Warning,
    /// Something does not work, or data is at risk.
    Error,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a check found, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable id of the check, e.g. `schema.missing`.
    pub id: &'static str,
    pub severity: Severity,
    pub what: String,
    pub fix: String,
}

impl Finding {
    pub fn error(id: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::of(Severity::Error, id, what.into(), fix.into())
    }

    pub fn warning(id: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::of(Severity::Warning, id, what.into(), fix.into())
    }

    fn of(severity: Severity, id: &'static str, what: String, fix: String) -> Self {
        Self {
            id,
            severity,
            what,
            fix,
        }
    }

    /// Returns whether the tables cannot be read as those of this build.
    pub fn stops_further_checks(&self) -> bool {
        ["schema.pending", "schema.refused", "database.unreadable"].contains(&self.id)
    }

    pub fn object(&self) -> Value {
        json!({"id": self.id, "severity": self.severity.as_str(), "what": self.what, "fix": self.fix})
    }
}

/// Joins names for a sentence; beyond five, only says how many more there are.
pub fn listed(names: &[String]) -> String {
    const MOST: usize = 5;
    let shown = names.iter().take(MOST).cloned().collect::<Vec<_>>();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Returns the known name that differs least from a wrong one, if it differs by at most a third of
/// its letters.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |one: &'a str| (strsim::damerau_levenshtein(name, one), one);
    let (letters, near) = known.map(distance).min()?;
    (letters <= (near.len() / 3).max(1)).then_some(near)
}
