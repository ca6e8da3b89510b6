//! Wiring of the app: connects the database, the job manager and the importer.

use crate::{
    clock::ServerClock,
    config::Config,
    db::{ConnectError, Database, Options, sqlite_file},
    import::{Background, Settings},
    jobs::JobManager,
    outbound::{Limits, Outbound},
    random::SystemRandom,
};
use std::{sync::Arc, time::Duration};

/// The service and its configuration.
#[derive(Clone)]
pub struct App {
    pub jobs: JobManager,
    pub imports: Background,
    pub config: Arc<Config>,
}

impl App {
    /// Creates an app without a database, for commands that need none.
    pub fn detached(config: Config) -> Self {
        let jobs = JobManager::detached();
        Self {
            imports: Background::new(jobs.clone(), Settings::default()),
            jobs,
            config: Arc::new(config),
        }
    }

    /// Opens the configured database, without a change of its schema. With `create`, creates a
    /// SQLite file that does not exist. A process that serves holds its connections open.
    pub async fn open(config: Config, create: bool, serves: bool) -> Result<Self, ConnectError> {
        let options = Options {
            max_connections: config.database_connections,
            create,
            hold: serves,
            cache_jobs: config.cache_jobs,
            redis: config.redis.clone(),
            notify_by: config.notify_by,
            listen_url: config.listen_url.clone(),
            statement_cache: config.statement_cache,
            ..Options::new(&config.database_url)
        };
        let db = Database::connect(&options).await?;
        let jobs = JobManager::new(db, Arc::<ServerClock>::default(), Arc::new(SystemRandom));
        let webhooks = Outbound::new(config.webhooks.clone(), Limits::default());
        jobs.send_webhooks_by(webhooks);
        jobs.set_storage(config.storage.clone());
        if let Some(folder) = &config.media_dir {
            jobs.remove_media_from(folder.clone());
        }
        let imports = Background::new(jobs.clone(), import_settings(&config));
        Ok(Self {
            jobs,
            imports,
            config: Arc::new(config),
        })
    }
}

fn import_settings(config: &Config) -> Settings {
    Settings {
        time_limit: Some(Duration::from_secs(config.max_import_seconds))
            .filter(|limit| !limit.is_zero()),
        min_free_disk: config.min_free_disk_bytes,
        database: sqlite_file(&config.database_url),
    }
}
