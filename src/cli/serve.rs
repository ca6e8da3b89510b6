//! The `callsheet serve` command.

mod prepare;

use super::{Failure, out::note, stop_signal::StopSignal};
use crate::{
    api,
    app::App,
    background::{Bounds, Loops},
    jobs::{Access, JobManager},
    lines, server,
    shown_url::shown_url,
    tasks::for_ever,
};
use prepare::{guard, migrate, sweep_temporaries};
use std::{
    future::pending,
    net::SocketAddr,
    process::ExitCode,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

/// Maximum time to finish everything after the signal to stop, whatever the database does. With the
/// time to end the threads, a stop takes at most ten seconds.
const STOP_TIMEOUT: Duration = Duration::from_secs(7);

/// Maximum time of that to finish requests in progress.
const REQUEST_GRACE: Duration = Duration::from_secs(6);

/// Maximum time of that to tell the streams that the server stops.
const STREAM_GRACE: Duration = Duration::from_secs(1);

/// Maximum time of that to wait for the answers of webhooks.
const WEBHOOK_GRACE: Duration = Duration::from_secs(3);

pub async fn run(app: App) -> Result<ExitCode, Failure> {
    server::raise_descriptor_limit();
    migrate(&app).await?;
    if let Err(error) = app.jobs.set_clock().await {
        tracing::warn!(%error, "cannot compare the clock with the database's; retrying");
    }
    sweep_temporaries().await;
    let listen = app.config.listen;
    api::check_contracts().map_err(Failure::Other)?;
    guard(&app).await?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| in_use(listen, "--listen", &error))?;
    let address = listener.local_addr()?;
    // Built before the first request, which would otherwise wait for the OpenAPI document.
    let routes = api::routes(&app);
    // Signals are handled before the server announces that it runs.
    let signal = StopSignal::listen()?;
    let metrics = serve_metrics(&app).await?;
    greet(&app, address);
    if let Some((address, _)) = &metrics {
        let out = lines::out();
        out.say(format_args!("  metrics   http://{address}/metrics"));
    }
    let bounds = Bounds {
        history_days: app.config.keep_history_days,
        imports_days: app.config.keep_imports_days,
        log_lines: app.config.keep_log_lines,
        backups: app.config.backups.clone(),
    };
    warn_of_archive(&app);
    app.jobs.register_server(address);
    let loops = Loops::start(&app.jobs, bounds);
    let db = app.jobs.database().clone();
    let listening = tokio::spawn(for_ever("listen", move || {
        let db = db.clone();
        async move { db.listen().await }
    }));
    let (jobs, drain_for) = (app.jobs.clone(), app.config.drain_seconds);
    let signalled = Arc::new(OnceLock::new());
    let stop = {
        let signalled = signalled.clone();
        async move {
            signal.first().await;
            drain(&jobs, drain_for).await;
            let _ = signalled.set(Instant::now());
            // Waiting workers then claim from another server; streams would go on until their
            // clients close.
            jobs.end_waits();
            let _ = timeout(STREAM_GRACE, jobs.end_streams()).await;
        }
    };
    let bounds = app.config.bounds.clone();
    server::serve(listener, routes, bounds, stop, REQUEST_GRACE)
        .await
        .map_err(|error| Failure::Other(format!("the server failed: {error}")))?;
    let signalled = signalled.get().copied().unwrap_or_else(Instant::now);
    let ended = timeout_at(signalled + STOP_TIMEOUT, end(app, loops)).await;
    listening.abort();
    if let Some((_, serving)) = metrics {
        serving.abort();
    }
    if ended.is_err() {
        tracing::warn!("stopped before everything was finished: the database does not answer");
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts the server of metrics alone, if it has an address, and returns where it listens.
async fn serve_metrics(app: &App) -> Result<Option<(SocketAddr, JoinHandle<()>)>, Failure> {
    let Some(listen) = app.config.metrics_listen else {
        return Ok(None);
    };
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| in_use(listen, "--metrics-listen", &error))?;
    let address = listener.local_addr()?;
    let routes = api::metrics_routes(app, address);
    let bounds = app.config.bounds.clone();
    let serving = tokio::spawn(async move {
        let served = server::serve(listener, routes, bounds, pending(), Duration::ZERO);
        if let Err(error) = served.await {
            tracing::error!(%error, "the server of metrics failed");
        }
    });
    Ok(Some((address, serving)))
}

/// Goes on answering for some seconds while readiness fails, so that proxies send new requests to
/// another server.
async fn drain(jobs: &JobManager, seconds: u32) {
    jobs.begin_draining();
    if seconds > 0 {
        tracing::info!(seconds, "draining: /health/ready answers 503 from now on");
        tokio::time::sleep(Duration::from_secs(seconds.into())).await;
    }
}

/// Finishes what is in progress, and closes the database.
async fn end(app: App, loops: Loops) {
    // Jobs claimed for a worker that is gone would otherwise wait for the end of their leases.
    app.jobs.claims_settled().await;
    // A message whose outcome is not recorded is sent again.
    let _ = timeout(WEBHOOK_GRACE, app.jobs.webhooks_sent()).await;
    // An action stops after its current batch, and another server continues it.
    loops.end(STOP_TIMEOUT).await;
    app.imports.end(STOP_TIMEOUT).await;
    tracing::info!("stopped");
    let _ = app.jobs.note_workers().await;
    let _ = app.jobs.store_audit(true).await;
    let _ = app.jobs.remove_server().await;
    let App { jobs, .. } = app;
    let _ = jobs.database().clone().close().await;
}

fn greet(app: &App, address: SocketAddr) {
    let out = lines::out();
    out.say(format_args!(
        "Callsheet {} listens on http://{address}",
        env!("CARGO_PKG_VERSION")
    ));
    let (name, url) = (
        app.jobs.database().name(),
        shown_url(&app.config.database_url),
    );
    out.say(format_args!("  database  {name}, {url}"));
    out.say(format_args!("  docs      http://{address}/docs"));
    if let Some(folder) = &app.config.media_dir {
        out.say(format_args!(
            "  media     {} under http://{address}/media/",
            folder.display()
        ));
    }
    if !address.ip().is_loopback() && app.jobs.access() == Access::Open {
        note(format_args!(
            "warning: {address} can be reached from other machines, and whoever reaches it may do \
            everything: nothing authenticates."
        ));
    }
}

/// Explains why the server cannot listen on the address of a flag.
fn in_use(address: SocketAddr, flag: &str, error: &std::io::Error) -> Failure {
    let what = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("another program listens there; stop it, or choose another port with {flag}")
        }
        std::io::ErrorKind::PermissionDenied => {
            format!("this user lacks the permission; choose a port above 1023 with {flag}")
        }
        _ => error.to_string(),
    };
    Failure::Other(format!("cannot listen on {address}: {what}"))
}

/// Warns if the archive cannot be reached, without a wait for it.
fn warn_of_archive(app: &App) {
    let jobs = app.jobs.clone();
    tokio::spawn(async move {
        if let Err(error) = jobs.reach_archive().await {
            tracing::warn!(
                %error,
                "the archive is away: archived jobs answer 503 until it is back"
            );
        }
    });
}
