//! Claims: the queue head, the size of an answer, and the update of the rows.

pub mod claim_jobs;
pub mod claim_size;
pub mod claimed_before;
pub mod queue_head;
