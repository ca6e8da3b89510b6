//! The only wiring: what the faces are given to work with.

use crate::{
    chance::SystemChance,
    clock::SystemClock,
    config::Config,
    db::{ConnectError, Database, Options},
    import::Background,
    jobs::JobManager,
};
use std::sync::Arc;

/// The service and how it is configured.
#[derive(Clone)]
pub struct App {
    pub jobs: JobManager,
    pub imports: Background,
    pub config: Arc<Config>,
}

impl App {
    /// Without a database, for what needs none.
    pub fn detached(config: Config) -> Self {
        let jobs = JobManager::detached();
        Self { imports: Background::new(jobs.clone()), jobs, config: Arc::new(config) }
    }

    /// Opens the database that the configuration names; `create` makes a SQLite file that is not there yet. Does not touch
    /// the schema.
    pub async fn open(config: Config, create: bool) -> Result<Self, ConnectError> {
        let options = Options {
            max_connections: config.database_connections,
            create,
            cache_jobs: config.cache_jobs,
            ..Options::new(&config.database_url)
        };
        let db = Database::connect(&options).await?;
        let jobs = JobManager::new(db, Arc::new(SystemClock), Arc::new(SystemChance));
        let imports = Background::new(jobs.clone());
        Ok(Self { jobs, imports, config: Arc::new(config) })
    }
}
