//! The only wiring: what the faces are given to work with.

use crate::{
    chance::SystemChance,
    clock::SystemClock,
    config::Config,
    db::{ConnectError, Database, Options, sqlite_file},
    import::{Background, Settings},
    jobs::JobManager,
};
use std::{sync::Arc, time::Duration};

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
        Self { imports: Background::new(jobs.clone(), Settings::default()), jobs, config: Arc::new(config) }
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
        let imports = Background::new(jobs.clone(), import_settings(&config));
        Ok(Self { jobs, imports, config: Arc::new(config) })
    }
}

fn import_settings(config: &Config) -> Settings {
    Settings {
        time_limit: Some(Duration::from_secs(config.max_import_seconds)).filter(|limit| !limit.is_zero()),
        min_free_disk: config.min_free_disk_bytes,
        database: sqlite_file(&config.database_url).map(Into::into),
    }
}
