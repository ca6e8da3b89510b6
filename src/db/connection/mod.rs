//! Connections: opened, watched, migrated, probed and backed up.

pub mod backup;
pub mod connect;
pub mod errors;
pub mod faults;
pub mod file;
pub mod inspect;
pub mod migrate;
mod open;
pub mod postgres;
pub mod probe;
pub mod ready;
pub mod schema_state;
pub mod settled;
pub mod timed;
