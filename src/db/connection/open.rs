//! Opening of a database: its pools, its only writer, and what both share.

use crate::{
    db::{
        ChangeBus, ConnectError, Database, JobCache, Options, Pool, Reader, Writer,
        changes::{
            notifier::{Carrier, Notifier},
            pg_notifier::PgNotifier,
            redis_tier::RedisTier,
        },
        connection::{
            connect,
            file::DatabaseFile,
            migrate,
            timed::{StatementTimeout, TimedConn},
        },
        dialect, sqlite_file,
        writer::WriterResources,
    },
    metrics::Instruments,
    notify_by::NotifyBy,
};
use sea_orm::DatabaseConnection;
use std::sync::Arc;

impl Database {
    /// Opens the pool. Neither reads nor changes the schema.
    pub async fn connect(options: &Options) -> Result<Self, ConnectError> {
        let instruments = Arc::<Instruments>::default();
        let conn = connect::connect(options).await?.measured(&instruments);
        let connections = conn.pool_size().unwrap_or(options.max_connections);
        let writers = dialect::writers(conn.get_database_backend(), connections);
        // A single writer has its own connection: the pages and statements that it caches serve the
        // next write. A shared pool would rotate the writes among its connections, each with a
        // stale cache.
        let for_writing = if dialect::writes_alone(conn.get_database_backend()) {
            connect::connect(&Options {
                max_connections: 1,
                ..options.clone()
            })
            .await?
            .measured(&instruments)
        } else {
            conn.clone()
        };
        let direct = match &options.listen_url {
            Some(url) => connect::connect(&direct_options(url, options)).await?,
            None => conn.clone(),
        };
        let redis = shared_cache(options, &conn).await?;
        let notifier = carrier(options, &conn, redis.as_ref()).map(Notifier::start);
        let bus = ChangeBus::new(JobCache::new(options.cache_jobs), redis);
        let queues = dialect::write_queues(conn.get_database_backend(), writers);
        let file = sqlite_file(&options.url)
            .map(|path| DatabaseFile::at(&path))
            .transpose();
        let resources = WriterResources {
            conn: for_writing.clone(),
            bus: bus.clone(),
            notifier: notifier.clone(),
            file: file.map_err(|error| ConnectError::Gone(options.url.clone(), error))?,
            faults: options.faults.clone(),
            instruments: instruments.clone(),
        };
        let writer = Writer::new(resources, writers, queues);
        let url = options.listen_url.as_ref().unwrap_or(&options.url);
        let url = url.as_str().into();
        Ok(Self::of(Pool {
            conn,
            direct,
            writer,
            for_writing,
            writers,
            connections,
            bus,
            notifier,
            url,
            ready: Arc::default(),
            instruments,
        }))
    }

    fn of(pool: Pool) -> Self {
        Self {
            pool: Arc::new(pool),
            caller: None,
        }
    }

    /// Returns a database without connections; every call fails. Used for the API's document, which
    /// needs the handlers but no rows, and for inspecting a dump where there is no database yet.
    pub fn detached() -> Self {
        let conn = TimedConn::new(DatabaseConnection::default(), StatementTimeout::default());
        let (bus, instruments) = (ChangeBus::default(), Arc::<Instruments>::default());
        let resources = WriterResources {
            conn: conn.clone(),
            bus: bus.clone(),
            notifier: None,
            file: None,
            faults: None,
            instruments: instruments.clone(),
        };
        let (writer, for_writing) = (Writer::new(resources, 1, 1), conn.clone());
        Self::of(Pool {
            writer,
            for_writing,
            direct: conn.clone(),
            conn,
            writers: 1,
            connections: 0,
            bus,
            notifier: None,
            url: "".into(),
            ready: Arc::default(),
            instruments,
        })
    }
}

/// Starts the cache that the servers share, if it is configured. A process that serves waits until
/// it is known whether Redis answers.
async fn shared_cache(options: &Options, conn: &Reader) -> Result<Option<RedisTier>, ConnectError> {
    let Some(redis) = &options.redis else {
        return Ok(None);
    };
    let database = dialect::identity(conn).await;
    let database = database.map_err(|error| ConnectError::Nameless(error.to_string()))?;
    let tier = RedisTier::start(redis, &database, &migrate::format());
    let tier = tier.map_err(ConnectError::Redis)?;
    if options.hold {
        tier.is_probed().await;
    }
    Ok(Some(tier))
}

/// Returns the carrier of commit notices; `None` if there is none.
fn carrier(options: &Options, conn: &Reader, redis: Option<&RedisTier>) -> Option<Carrier> {
    let postgres = || {
        let notifies = dialect::notifies(conn.get_database_backend());
        notifies.then(|| {
            let url = options.listen_url.as_ref().unwrap_or(&options.url);
            let (conn, url) = (conn.clone(), url.as_str().into());
            Carrier::Postgres(PgNotifier { conn, url })
        })
    };
    match options.notify_by {
        NotifyBy::Auto | NotifyBy::Postgres => postgres(),
        NotifyBy::Redis => redis.cloned().map(Carrier::Redis),
        NotifyBy::None => None,
    }
}

/// Options of the few connections for notices and migrations, which lead to PostgreSQL directly.
fn direct_options(url: &str, options: &Options) -> Options {
    Options {
        url: url.to_owned(),
        listen_url: None,
        statement_cache: None,
        max_connections: 2,
        hold: false,
        ..options.clone()
    }
}
