//! SIGTERM and SIGINT of a server: the first stops it in order, the second ends it at once.

use super::Failure;
use crate::lines;
use std::time::Duration;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

/// Maximum time to write the last lines before the process ends.
const LAST_LINES: Duration = Duration::from_millis(200);

/// Exit code of a process that a signal ended, as shells report it, without the signal's number.
const ENDED_BY_SIGNAL: i32 = 128;

pub struct StopSignal(oneshot::Receiver<()>);

impl StopSignal {
    /// Starts to listen.
    pub fn listen() -> Result<Self, Failure> {
        let (mut terminate, mut interrupt) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        );
        let (tell, first) = oneshot::channel();
        tokio::spawn(async move {
            next(&mut terminate, &mut interrupt).await;
            tracing::info!(
                "stopping: requests under way are answered first; a second signal ends the server \
                at once"
            );
            let _ = tell.send(());
            let number = next(&mut terminate, &mut interrupt).await;
            tracing::warn!("ended at once by a second signal");
            lines::flush(LAST_LINES);
            std::process::exit(ENDED_BY_SIGNAL + number);
        });
        Ok(Self(first))
    }

    /// Returns at the first signal.
    pub async fn first(self) {
        let _ = self.0.await;
    }
}

/// Waits for a signal, and returns its number.
async fn next(terminate: &mut Signal, interrupt: &mut Signal) -> i32 {
    tokio::select! {
        _ = terminate.recv() => SignalKind::terminate().as_raw_value(),
        _ = interrupt.recv() => SignalKind::interrupt().as_raw_value(),
    }
}
