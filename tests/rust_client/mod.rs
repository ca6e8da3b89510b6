//! The Rust package, `clients/rust`, against a served binary.

mod answers;
mod process;
mod shapes;
mod worker;
