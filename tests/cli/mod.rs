//! The command line, as the real binary: answers, exit codes, and one sentence for whatever goes
//! wrong.

mod afar;
mod backup;
mod export;
mod failures;
mod import_map;
mod jobs;
mod keys;
mod migrate;
mod private;
mod queues;
mod recovery;
pub mod run;
mod schedules;
mod serve;
mod servers;
mod settings;
mod tables;
mod webhooks;
