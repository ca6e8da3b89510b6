//! `callsheet serve`.

use super::{Failure, out::note};
use crate::{
    api,
    app::App,
    background::{Loops, for_ever},
    db::migrate as schema,
    import, lines, server,
    shown_url::shown_url,
};
use std::{net::SocketAddr, process::ExitCode, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// How long requests under way may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

pub async fn run(app: App) -> Result<ExitCode, Failure> {
    server::raise_descriptor_limit();
    migrate(&app).await?;
    sweep_temporaries().await;
    let listen = app.config.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| in_use(listen, &error))?;
    let address = listener.local_addr()?;
    // Before the first request, so that it does not wait for the document to be made.
    let routes = api::routes(&app);
    // Heard from before anybody knows that the server is there.
    let signal = stop_signal()?;
    greet(&app, address);
    let loops = Loops::start(&app.jobs, app.config.keep_history_days, app.config.keep_imports_days);
    let db = app.jobs.database().clone();
    let listening = tokio::spawn(for_ever("listen", move || {
        let db = db.clone();
        async move { db.listen().await }
    }));
    let jobs = app.jobs.clone();
    let stop = async move {
        signal.await;
        // Workers that wait for a job ask the next server; streams would go on for as long as their readers like.
        jobs.end_waits();
        jobs.end_streams().await;
    };
    server::serve(listener, routes, app.config.bounds.clone(), stop, GRACE)
        .await
        .map_err(|error| Failure::Other(format!("the server broke down: {error}")))?;
    // Jobs that were claimed for a worker which has gone would wait for their leases to end.
    let _ = tokio::time::timeout(GRACE, app.jobs.claims_settled()).await;
    // An action ends after a batch; whoever comes next goes on with it.
    loops.end(GRACE).await;
    listening.abort();
    app.imports.end(GRACE).await;
    tracing::info!("stopped");
    let _ = app.jobs.note_workers().await;
    let App { jobs, .. } = app;
    let _ = jobs.database().clone().close().await;
    Ok(ExitCode::SUCCESS)
}

async fn migrate(app: &App) -> Result<(), Failure> {
    let db = app.jobs.database();
    if app.config.no_migrate {
        let pending = schema::status(db).await?.iter().filter(|s| !s.applied).count();
        if pending > 0 {
            tracing::warn!(pending, "migrations are pending: run `callsheet migrate up`");
        }
        return Ok(());
    }
    for step in schema::migrate(db, schema::Change::Up { limit: None }).await? {
        tracing::info!(step, "migrated");
    }
    Ok(())
}

/// Takes away what processes left that were killed while they received or read a dump.
async fn sweep_temporaries() {
    if let Ok(folders @ 1..) = tokio::task::spawn_blocking(import::sweep).await {
        tracing::info!(folders, "temporary files of processes that are gone were taken away")
    }
}

fn greet(app: &App, address: SocketAddr) {
    let out = lines::out();
    out.say(format_args!("Callsheet {} listens on http://{address}", env!("CARGO_PKG_VERSION")));
    let (name, url) = (app.jobs.database().name(), shown_url(&app.config.database_url));
    out.say(format_args!("  database  {name}, {url}"));
    out.say(format_args!("  docs      http://{address}/docs"));
    if let Some(folder) = &app.config.media_dir {
        out.say(format_args!("  media     {} under http://{address}/media/", folder.display()));
    }
    if !address.ip().is_loopback() {
        note(format_args!(
            "warning: {address} can be reached from other machines, and whoever reaches it may do everything: nothing authenticates."
        ));
    }
}

fn in_use(address: SocketAddr, error: &std::io::Error) -> Failure {
    let what = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program listens there; stop it, or choose another port with --listen".to_owned()
        }
        std::io::ErrorKind::PermissionDenied => "this user may not; choose a port above 1023 with --listen".to_owned(),
        _ => error.to_string(),
    };
    Failure::Other(format!("cannot listen on {address}: {what}"))
}

/// Ends at SIGTERM or SIGINT.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: requests under way are answered first");
    })
}
