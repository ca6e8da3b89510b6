//! Callsheet: the durable job service for video generation.

// Both macros panic if the reader of the output is gone; see `lines`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod api;
pub mod app;
pub mod background;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dashboard;
pub mod db;
pub mod error;
pub mod export;
pub mod import;
pub mod jobs;
pub mod lifecycle;
pub mod lines;
mod printable;
pub mod process;
pub mod server;
mod shown_url;
mod tasks;
pub mod telemetry;
pub mod threads;
mod whole_file;
pub mod worker;
