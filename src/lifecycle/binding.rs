//! What a key is bound to: the caller sees, makes and changes jobs of these types and labels, and
//! no others.

use entity::job;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Types and labels of the jobs that there are for a caller. The default is all jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Binding {
    /// Types, one of which a job must have; empty for any. Ordered, each once.
    pub job_types: Vec<String>,
    /// Labels, all of which a job must have. Ordered.
    pub labels: Vec<(String, String)>,
}

impl Binding {
    pub fn new(
        job_types: impl IntoIterator<Item = String>,
        labels: BTreeMap<String, String>,
    ) -> Self {
        let job_types: BTreeSet<String> = job_types.into_iter().collect();
        Self {
            job_types: job_types.into_iter().collect(),
            labels: labels.into_iter().collect(),
        }
    }

    /// Returns whether it leaves no job out.
    pub fn is_free(&self) -> bool {
        self.job_types.is_empty() && self.labels.is_empty()
    }

    pub fn holds(&self, job: &job::Model) -> bool {
        self.holds_type(&job.job_type) && self.holds_labels(job.labels.as_ref())
    }

    pub fn holds_type(&self, job_type: &str) -> bool {
        self.job_types.is_empty() || self.job_types.iter().any(|one| one == job_type)
    }

    pub fn holds_labels(&self, labels: Option<&Value>) -> bool {
        let value = |key: &str| labels.and_then(|labels| labels.get(key)?.as_str());
        let mut all = self.labels.iter();
        all.all(|(key, wanted)| value(key) == Some(wanted))
    }

    /// Returns one text for each binding, by which rows and keys of several are kept apart; `None`
    /// for all jobs.
    pub fn text(&self) -> Option<String> {
        let labels: BTreeMap<_, _> = self.labels.iter().cloned().collect();
        (!self.is_free())
            .then(|| json!({"job_types": self.job_types, "labels": labels}).to_string())
    }

    /// Reads a text of [`Binding::text`]. One that cannot be read is an error: it must not free the
    /// caller.
    pub fn of_text(text: Option<&str>) -> Result<Self, serde_json::Error> {
        let Some(text) = text else {
            return Ok(Self::default());
        };
        let mut read: BTreeMap<String, Value> = serde_json::from_str(text)?;
        let mut part = |name| read.remove(name).unwrap_or_default();
        let (job_types, labels) = (part("job_types"), part("labels"));
        Self::of_columns(Some(job_types), Some(labels))
    }

    /// Reads the columns of a key.
    pub fn of_columns(
        job_types: Option<Value>,
        labels: Option<Value>,
    ) -> Result<Self, serde_json::Error> {
        let job_types: Option<Vec<String>> = job_types.map(serde_json::from_value).transpose()?;
        let labels: Option<BTreeMap<String, String>> =
            labels.map(serde_json::from_value).transpose()?;
        Ok(Self::new(
            job_types.unwrap_or_default(),
            labels.unwrap_or_default(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn red() -> Binding {
        let labels = [("team".to_owned(), "red".to_owned())].into();
        Binding::new(["b".to_owned(), "a".to_owned(), "b".to_owned()], labels)
    }

    #[test]
    fn a_text_leads_back_to_its_binding() {
        let text = red().text();
        assert_eq!(Binding::of_text(text.as_deref()).unwrap(), red());
        assert_eq!(Binding::default().text(), None);
        assert!(Binding::of_text(None).unwrap().is_free());
        for broken in ["", "{", "[]", r#"{"job_types": 1, "labels": {}}"#] {
            assert!(Binding::of_text(Some(broken)).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_job_must_have_one_of_the_types_and_all_labels() {
        assert!(red().holds_type("a") && red().holds_type("b") && !red().holds_type("c"));
        let other = json!({"team": "red", "stage": "x"});
        assert!(red().holds_labels(Some(&other)));
        for outside in [
            None,
            Some(json!({"team": "blue"})),
            Some(json!({"team": 1})),
        ] {
            assert!(!red().holds_labels(outside.as_ref()), "{outside:?}");
        }
        assert!(Binding::default().holds_type("c") && Binding::default().holds_labels(None));
    }
}
