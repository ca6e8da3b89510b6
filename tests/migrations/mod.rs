//! The schema: what it is, how it comes and goes, and what it leaves alone.

mod at_once;
mod checks;
mod derived;
mod dump;
pub mod earlier;
mod foreign;
mod planned;
mod preview;
mod schema;
mod steps;

use callsheet::db::{
    Database, MigrateError,
    migrate::{Change, migrate},
};

pub const UP: Change = Change::Up { limit: None };

pub async fn up(db: &Database) -> Vec<String> {
    migrate(db, UP).await.unwrap()
}

/// How many steps there are.
pub fn steps() -> usize {
    <migration::Migrator as migration::MigratorTrait>::migrations().len()
}

/// The error of a change that has to be refused.
pub async fn refused(db: &Database, change: Change) -> MigrateError {
    match migrate(db, change).await {
        Ok(steps) => panic!("{change:?} has to be refused, and took the steps {steps:?}"),
        Err(error) => error,
    }
}
