//! The HTTP interface: the calls of older clients, the native ones, and what becomes of bad input.

mod answer;
pub mod face;

mod bad_ids;
mod bad_moves;
mod bad_parameters;
mod bad_texts;
mod bad_values;
mod base_path;
mod catalog;
mod conditions;
mod docs;
mod encodings;
mod gate;
mod generate;
mod gone;
mod grafana;
mod headers;
mod health;
mod idempotency;
mod keys;
mod large_bodies;
mod large_pages;
mod legacy;
mod lists;
mod live;
mod media;
mod metrics;
mod native;
mod one_paging;
mod problems;
mod required_only;
mod strict_queries;
mod undo;
mod waits;
