//! Filter of a list of jobs.

use crate::{JobStatus, path::escaped};

/// Jobs that a list has. The default has all.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    pub job_types: Vec<String>,
    pub statuses: Vec<JobStatus>,
    /// Labels that a job has to have, as `key=value`.
    pub labels: Vec<String>,
    /// Text that a job has to contain.
    pub q: Option<String>,
    /// Keyset cursor of the page; `None` for the first.
    pub cursor: Option<String>,
    /// Maximum number of jobs; the server's default if `None`.
    pub limit: Option<u32>,
}

impl JobFilter {
    pub(crate) fn query(&self) -> String {
        let pair = |name: &str, value: &str| format!("{name}={}", escaped(value));
        let mut pairs: Vec<_> = self.job_types.iter().map(|t| pair("job_type", t)).collect();
        pairs.extend(self.statuses.iter().map(|s| pair("status", s.as_str())));
        pairs.extend(self.labels.iter().map(|label| pair("label", label)));
        pairs.extend(self.q.iter().map(|text| pair("q", text)));
        pairs.extend(self.cursor.iter().map(|cursor| pair("cursor", cursor)));
        pairs.extend(self.limit.map(|limit| pair("limit", &limit.to_string())));
        if pairs.is_empty() {
            String::new()
        } else {
            format!("?{}", pairs.join("&"))
        }
    }
}
