//! How the binding of the caller's key applies to an operation.

use super::Operation;
use Bound::*;

/// How the binding of the caller's key applies to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It is about no job.
    Free,
    /// It is about one job, and answers 404 if that lies outside.
    Job,
    /// It is about several jobs, and finds none that lies outside.
    Jobs,
    /// It makes jobs: they get the labels of the binding, and a contrary type or label is refused.
    Stamped,
    /// It is about an action, and answers 404 for one that was started under another binding.
    Action,
    /// It is refused without a type that the key is bound to.
    Typed,
    /// It is refused.
    Refused,
}

impl Operation {
    /// Returns the code of the problem by which the operation refuses bound keys, if it does.
    pub fn code_of_bound(&self) -> Option<&'static str> {
        match self.bound {
            Refused | Typed => Some("key_bound"),
            Stamped => Some("outside_binding"),
            // A claim of another type, and a change of a label that keys are bound to.
            _ if self.id == "claim_jobs" || self.id == "update_job" => Some("outside_binding"),
            _ => None,
        }
    }
}
