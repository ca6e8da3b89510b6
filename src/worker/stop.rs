//! Signals that stop the worker.

use crate::process::ignores_hangup;
use callsheet_client::lease::Stop;
use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Starts to listen for SIGTERM, SIGINT and SIGHUP, which the terminal sends when it closes. A
/// worker that was started with `nohup` goes on then.
pub fn listen(stop: &Stop) -> io::Result<()> {
    let mut kinds = vec![SignalKind::terminate(), SignalKind::interrupt()];
    if !ignores_hangup() {
        kinds.push(SignalKind::hangup());
    }
    for kind in kinds {
        let mut signals = signal(kind)?;
        let stop = stop.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                stop.signal();
            }
        });
    }
    Ok(())
}
