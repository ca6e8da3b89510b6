//! Callsheet: the durable job service for video generation.
//!
//! One relational table holds every job, and [`jobs::JobManager`] is the only way to it. The HTTP
//! interface ([`api`]), the commands ([`cli`]), the loops ([`background`]) and the importer
//! ([`import`]) call its methods. ARCHITECTURE.md draws the parts.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use callsheet::{
//!     clock::SystemClock,
//!     db::{Database, Options, migrate::{Change, migrate}},
//!     jobs::{JobManager, NewJob},
//!     random::SystemRandom,
//! };
//! use std::sync::Arc;
//!
//! let db = Database::connect(&Options::new("sqlite://callsheet.db")).await?;
//! migrate(&db, Change::Up { limit: None }).await?;
//! let jobs = JobManager::new(db, Arc::new(SystemClock), Arc::new(SystemRandom));
//! let new = NewJob { job_type: "idea2video".to_owned(), ..NewJob::default() };
//! let created = jobs.create_job(new, None).await?;
//! println!("{} is {}", created.job.id, created.job.status);
//! # Ok(())
//! # }
//! ```

// Both macros panic if the reader of the output is gone; see `lines`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod api;
pub mod app;
mod atomic_file;
pub mod authority;
pub mod background;
pub mod cli;
pub mod clock;
pub mod codes;
pub mod config;
pub mod dashboard;
pub mod db;
pub mod error;
pub mod export;
mod field_error;
mod hex;
pub mod host;
pub mod import;
mod job_line;
pub mod jobs;
mod json_scan;
mod key_limits;
pub mod legacy_routes;
pub mod lifecycle;
pub mod lines;
mod log_rate_limit;
mod media_folder;
mod mend_json;
pub mod metrics;
pub mod network;
pub mod notify_by;
mod open_beneath;
pub mod outbound;
mod path_prefix;
mod printable;
pub mod process;
pub mod random;
mod resource;
pub mod server;
mod shown_url;
mod strict_json;
mod tasks;
pub mod telemetry;
pub mod threads;
pub mod worker;
