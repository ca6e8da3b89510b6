//! Callsheet: the durable job service for video generation.

pub mod chance;
pub mod clock;
pub mod db;
pub mod error;
pub mod jobs;
pub mod lifecycle;
