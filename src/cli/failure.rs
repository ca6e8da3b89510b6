//! Failures of commands.

use crate::{
    config::ConfigError,
    db::{BackupError, ConnectError, MigrateError},
    error::Error,
    worker,
};

/// Reason why a command failed: one sentence and an exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Connect(#[from] ConnectError),
    #[error("{0}")]
    Migrate(#[from] MigrateError),
    #[error("{0}")]
    Refused(#[from] Error),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Other(String),
    #[error("{0}")]
    Backup(#[from] BackupError),
    #[error("{0}")]
    Work(#[from] worker::Failure),
    #[error("the output cannot be written: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    /// Returns the exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Config(_) | Failure::Usage(_) | Failure::Work(worker::Failure::Command(_)) => {
                2
            }
            _ => 1,
        }
    }
}
