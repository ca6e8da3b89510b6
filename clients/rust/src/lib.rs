//! Client and worker of Callsheet, the durable job service for video generation.
//!
//! [`Client`] calls a server. [`Worker`] claims jobs from it and runs an async function for each,
//! with a lease that is extended in the background:
//!
//! ```no_run
//! use callsheet_client::{Attempt, Client, Failed, Worker};
//! use serde_json::json;
//!
//! async fn render(attempt: Attempt) -> Result<serde_json::Value, Failed> {
//!     for item in attempt.pending() {
//!         // Render the shot here.
//!         attempt.done(&item.key, json!({"video_path": "/media/shot.mp4"})).await?;
//!     }
//!     Ok(json!({"video_path": "/media/film.mp4"}))
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = Client::from_env()?;
//!     Worker::new(["idea2video"]).run(&client, render).await?;
//!     Ok(())
//! }
//! ```
//!
//! [`lease`] has the protocol of a lease by itself, for programs that run jobs in another way.

mod answer;
mod backoff;
mod client;
mod error;
mod http;
mod job_filter;
pub mod lease;
mod path;
mod retry;
mod server;
mod types;
mod uptime;
mod worker;

pub use client::{Client, ClientError};
pub use error::{Error, Problem};
pub use hyper::Method;
pub use job_filter::JobFilter;
pub use server::Server;
pub use types::{
    Item, ItemList, ItemStatus, Job, JobList, JobStatus, JobWebhook, ListedJob, NewItem, NewJob,
    RunBy,
};
pub use uptime::uptime;
pub use worker::{Attempt, Failed, Interruption, ReportError, Worker, WorkerError};
