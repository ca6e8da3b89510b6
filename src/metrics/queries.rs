//! Durations of statements.

use super::{Distribution, SHORT};
use std::time::Duration;

/// Kind of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKind {
    /// A statement that begins with `SELECT`.
    Read,
    /// Any other statement.
    Write,
}

#[derive(Debug)]
pub struct Queries {
    reads: Distribution,
    writes: Distribution,
}

impl Default for Queries {
    fn default() -> Self {
        Self {
            reads: Distribution::new(SHORT),
            writes: Distribution::new(SHORT),
        }
    }
}

impl Queries {
    pub fn observe(&self, kind: QueryKind, took: Duration) {
        match kind {
            QueryKind::Read => &self.reads,
            QueryKind::Write => &self.writes,
        }
        .observe(took.as_secs_f64());
    }

    /// Returns the distributions with the names of their kinds.
    pub fn all(&self) -> [(&'static str, &Distribution); 2] {
        [("read", &self.reads), ("write", &self.writes)]
    }
}
