//! Checks of the settings: what is out of bounds or has the wrong form.

use super::{Config, ConfigError, values::no_folder};
use crate::{host::is_host, notify_by::NotifyBy};

/// Maximum connections to the database.
const MAX_DATABASE_CONNECTIONS: u32 = 1000;

/// Smallest maximum of a body or an upload, in bytes.
const MIN_SIZE: usize = 1024;

/// Maximum seconds of a time limit of connections.
const MAX_TIMEOUT: u64 = 86_400;

/// Maximum seconds that the server goes on answering after the signal to stop.
const MAX_DRAIN: u32 = 3600;

impl Config {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |name, detail: &'static str| Err(ConfigError::setting(name, detail));
        if !(1..=MAX_DATABASE_CONNECTIONS).contains(&self.database_connections) {
            return wrong("database_connections", "use a number from 1 to 1000");
        }
        self.check_redis()?;
        if self.statement_cache == Some(0) && self.listen_url.is_none() {
            return wrong(
                "statement_cache",
                "0 is for a pooler in transaction mode: name a direct connection with --listen-url \
                as well",
            );
        }
        if self.max_body_bytes < MIN_SIZE {
            return wrong("max_body_bytes", "use at least 1024");
        }
        if self.max_upload_bytes < MIN_SIZE as u64 {
            return wrong("max_upload_bytes", "use at least 1024");
        }
        if let Some(folder) = self.media_dir.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(no_folder("media_dir", folder));
        }
        if self
            .cors_origins
            .iter()
            .any(|o| o != "*" && !o.starts_with("http://") && !o.starts_with("https://"))
        {
            return wrong(
                "cors_origins",
                "use origins such as http://localhost:5173, or *",
            );
        }
        if self.allowed_hosts.iter().any(|name| !is_host(name)) {
            return wrong(
                "allowed_hosts",
                "use names such as jobs.example.com, without a scheme and without a port",
            );
        }
        for (name, limit) in [
            ("header_timeout", self.bounds.header),
            ("idle_timeout", self.bounds.idle),
            ("body_timeout", self.bounds.body),
        ] {
            if !(1..=MAX_TIMEOUT).contains(&limit.as_secs()) {
                return wrong(name, "use a number of seconds from 1 to 86400");
            }
        }
        if self.drain_seconds > MAX_DRAIN {
            return wrong("drain_seconds", "use a number of seconds from 0 to 3600");
        }
        if self.bounds.connections == 0 {
            return wrong("max_connections", "use at least 1");
        }
        Ok(())
    }

    fn check_redis(&self) -> Result<(), ConfigError> {
        let wrong = |name, detail: &'static str| Err(ConfigError::setting(name, detail));
        let is_sqlite = self.database_url.starts_with("sqlite:");
        if let Some(redis) = &self.redis {
            if is_sqlite {
                return wrong(
                    "redis_url",
                    "several servers share Redis, and a SQLite database has one server: remove \
                     the setting, or use PostgreSQL",
                );
            }
            let form = redis.check();
            form.map_err(|detail| ConfigError::setting("redis_url", detail))?;
        }
        match self.notify_by {
            NotifyBy::Redis if self.redis.is_none() => {
                wrong("notify_by", "set redis_url too, or use another carrier")
            }
            NotifyBy::Postgres if is_sqlite => wrong(
                "notify_by",
                "a SQLite database has no notifications: use auto or none",
            ),
            _ => Ok(()),
        }
    }
}
