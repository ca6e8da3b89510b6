//! Callsheet: the durable job service for video generation.

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
mod printable;
pub mod process;
mod shown_url;
pub mod telemetry;
mod whole_file;
pub mod worker;
