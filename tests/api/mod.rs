//! The HTTP interface: the calls of older clients, the native ones, and what becomes of bad input.

mod answer;
mod face;

mod bad_ids;
mod bad_moves;
mod bad_parameters;
mod bad_texts;
mod bad_values;
mod catalog;
mod conditions;
mod docs;
mod generate;
mod idempotency;
mod legacy;
mod lists;
mod media;
mod native;
mod problems;
