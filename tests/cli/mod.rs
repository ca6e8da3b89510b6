//! The command line, as the real binary: answers, exit codes, and one sentence for whatever goes wrong.

mod export;
mod failures;
mod jobs;
mod migrate;
pub mod run;
mod serve;
mod settings;
