//! Permits of text searches, few of which run at once.

use crate::{
    error::{Error, Result},
    jobs::JobManager,
    lifecycle::Filter,
};
use std::time::Duration;
use tokio::time::timeout;

/// Maximum time that a text search waits for its permit.
const SEARCH_PERMIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum number of concurrent text searches; others wait. No index covers the contents of a text,
/// so a search without a match examines every job: a few at once would take the connections that
/// all other reads need.
pub(in crate::jobs) const MAX_SEARCHES: usize = 2;

impl JobManager {
    /// Runs the query of a filter; a text search waits for a permit first. The permit is held until
    /// the database has answered, even if the caller is gone: the query continues, and keeps its
    /// connection.
    pub(in crate::jobs) async fn in_turn<T: Send + 'static>(
        &self,
        filter: &Filter,
        look: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        if !filter.searches_text() {
            return look.await;
        }
        let broken = |error: &dyn std::fmt::Display| {
            Error::Internal(format!("a search ended early: {error}"))
        };
        let turn = timeout(SEARCH_PERMIT_TIMEOUT, self.searches.clone().acquire_owned())
            .await
            .map_err(|_| Error::Full("text searches"))?;
        let turn = turn.map_err(|error| broken(&error))?;
        let looking = tokio::spawn(async move {
            let found = look.await;
            drop(turn);
            found
        });
        looking.await.map_err(|error| broken(&error))?
    }
}
