//! What the server does before it listens: keys, schema, files of dead processes.

use crate::{
    app::App,
    cli::Failure,
    config::admin_key,
    db::migrate as schema,
    import,
    jobs::{Access, MIN_ADMIN_KEY_CHARS},
};

/// Reads the keys, and refuses to serve other machines without one.
pub async fn guard(app: &App) -> Result<(), Failure> {
    let config = &app.config;
    if let Some(key) = admin_key()? {
        if key.len() < MIN_ADMIN_KEY_CHARS {
            return Err(Failure::Usage(format!(
                "CALLSHEET_ADMIN_KEY is too short: use at least {MIN_ADMIN_KEY_CHARS} characters, \
                e.g. of `openssl rand -hex 24`"
            )));
        }
        app.jobs.set_admin_key(&key);
    }
    if let Err(error) = app.jobs.load_keys().await {
        tracing::warn!(%error, "cannot read the keys yet, and refuses all calls: retrying");
    }
    let access = app.jobs.access();
    if access == Access::Open && !config.listen.ip().is_loopback() && !config.no_auth {
        return Err(Failure::Usage(
            "Nothing authenticates. Make a key: callsheet keys create --role admin, or say \
            --no-auth"
                .to_owned(),
        ));
    }
    if access == Access::Keys && config.cors_origins.iter().any(|origin| origin == "*") {
        return Err(Failure::Usage(
            "--cors-origin '*' would open the server to every page although it has keys: name the \
            origins"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Brings the schema up to date, or checks that there is one.
pub async fn migrate(app: &App) -> Result<(), Failure> {
    let db = app.jobs.database();
    if let Some(step) = schema::newer_step(db).await? {
        tracing::warn!(
            step,
            "a newer version of Callsheet has migrated this database: this server runs on it, and \
            changes nothing of the schema; update it as well"
        );
    }
    if app.config.no_migrate {
        let steps = schema::status(db).await?;
        let pending = steps.iter().filter(|step| !step.applied).count();
        if pending == steps.len() {
            let why = "the database has no tables of Callsheet, and with --no-migrate the server \
                makes none: run `callsheet migrate up` first";
            return Err(Failure::Other(why.to_owned()));
        }
        if pending > 0 {
            tracing::warn!(
                pending,
                "migrations are pending: run `callsheet migrate up`"
            );
        }
        return Ok(());
    }
    for step in schema::migrate(db, schema::Change::Up { limit: None }).await? {
        tracing::info!(step, "migrated");
    }
    Ok(())
}

/// Deletes the temporary files of processes that were killed while they received or read a dump.
pub async fn sweep_temporaries() {
    if let Ok(folders @ 1..) = tokio::task::spawn_blocking(import::sweep).await {
        tracing::info!(
            folders,
            "temporary files of processes that are gone were taken away"
        )
    }
}
