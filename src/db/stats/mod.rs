//! Statistics: events rolled up into time buckets, and the numbers of waiting jobs and workers.

pub mod backlog;
pub mod buckets;
pub mod measure;
pub mod roll_up;
