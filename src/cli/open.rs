//! The app of a command, opened on its database.

use super::Failure;
use crate::{
    app::App,
    config::{self, Config, Flags, ServerFlags},
    db::{ConnectError, migrate as schema},
    process, telemetry,
};

/// Purpose for which a command opens the database.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// The command needs a database that exists.
    Existing,
    /// The command may create a database.
    Create,
    /// The server, which may create a database too.
    Serve,
}

impl Use {
    /// Returns the purpose of a command that creates a database, or does not.
    pub fn create_if(creates: bool) -> Self {
        if creates {
            Self::Create
        } else {
            Self::Existing
        }
    }
}

/// Opens the app on its database, without a check of the schema.
pub async fn open(flags: Flags, server: ServerFlags, purpose: Use) -> Result<App, Failure> {
    let file = flags.config.clone();
    let config = Config::load(flags, server)?;
    telemetry::start(&config.log, config.log_format).map_err(Failure::Usage)?;
    if config.group_readable {
        process::let_group_read();
    }
    if let Some(file) = file.filter(|file| config::shows_password(file)) {
        tracing::warn!(
            file = %file.display(),
            "every user of this machine can read the password in the configuration file: run \
            chmod 600"
        );
    }
    Ok(App::open(config, purpose != Use::Existing, purpose == Use::Serve).await?)
}

/// Opens the app on a database with the newest schema. With `create`, it creates and migrates a
/// database that does not exist; only `serve` and `migrate` change the schema of one in use. A
/// command that only reads creates no database: with a mistyped path, it would find no jobs and
/// report no error.
pub async fn ready(flags: Flags, create: bool) -> Result<App, Failure> {
    ready_with(flags, ServerFlags::default(), create).await
}

/// Opens the app as [`ready`] does, with settings of a server.
pub async fn ready_with(flags: Flags, server: ServerFlags, create: bool) -> Result<App, Failure> {
    let app = open(flags, server, Use::create_if(create)).await?;
    let db = app.jobs.database();
    let steps = schema::status(db).await?;
    if create && steps.iter().all(|step| !step.applied) {
        schema::migrate(db, schema::Change::Up { limit: None }).await?;
        return Ok(app);
    }
    match steps.iter().filter(|step| !step.applied).count() {
        0 => Ok(app),
        n => Err(Failure::Other(format!(
            "the schema of this database lacks {n} of {} steps: run `callsheet migrate up` first",
            steps.len()
        ))),
    }
}

/// Opens the app for a command that must not change the database. The app is detached if the
/// database or its schema does not exist yet.
pub async fn untouched(flags: Flags) -> Result<App, Failure> {
    let config = Config::load(flags.clone(), ServerFlags::default())?;
    match open(flags.clone(), ServerFlags::default(), Use::Existing).await {
        Err(Failure::Connect(ConnectError::Missing(_))) => Ok(App::detached(config)),
        Err(other) => Err(other),
        Ok(app)
            if schema::status(app.jobs.database())
                .await?
                .iter()
                .all(|s| !s.applied) =>
        {
            Ok(App::detached(config))
        }
        Ok(_) => ready(flags, false).await,
    }
}
