//! SeaORM entities of Callsheet's tables, one file per table. Data and enums only; behaviour lives
//! in `callsheet`.

pub mod active_job;
pub mod api_key;
pub mod archive;
pub mod archived_job;
pub mod audit;
pub mod episode;
pub mod import;
pub mod import_reject;
pub mod job;
pub mod job_action;
pub mod job_action_outcome;
pub mod job_count;
pub mod job_event;
pub mod job_item;
pub mod job_label;
pub mod job_stat;
pub mod job_token;
pub mod position;
pub mod queue;
pub mod schedule;
pub mod series;
pub mod server;
pub mod session;
pub mod setting;
pub mod webhook;
pub mod webhook_delivery;
pub mod worker;
pub mod write_probe;

pub use api_key::Role;
pub use archive::ArchiveState;
pub use job::JobStatus;
pub use job_item::ItemStatus;
