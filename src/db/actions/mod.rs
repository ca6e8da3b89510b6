//! Actions on many jobs: their rows, their outcomes, and the jobs that they select.

pub mod action;
pub mod action_batch;
pub mod list;
pub mod scope;
pub mod undo;
