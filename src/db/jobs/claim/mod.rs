//! Claims: the queue head, the size of an answer, and the update of the rows.

pub mod assign;
pub mod capacity;
pub mod claim_jobs;
pub mod claim_size;
pub mod claim_statements;
pub mod claimed_before;
pub mod fitting_jobs;
pub mod queue_head;
pub mod rank_level;
pub mod select_due;
