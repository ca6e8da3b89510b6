//! The one test binary: every module here is compiled and linked once, and shares `support`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics says what went wrong"
)]

#[macro_use]
extern crate callsheet_test_macros;

mod support;

mod api;
mod architecture;
mod browser;
mod chaos;
mod cli;
mod connections;
mod crash;
mod doctor;
mod faults;
mod import;
mod import_run;
mod jobs;
mod leases;
mod migrations;
mod openapi;
mod plans;
mod redis_tier;
mod retention;
mod rust_client;
mod streams;
mod webhooks;
mod work;
