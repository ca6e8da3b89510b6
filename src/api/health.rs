//! Handlers of health, liveness and readiness.

use super::{Tag, dto::HealthReport, problem::Problem};
use crate::{error::Error, jobs::JobManager, lines};
use poem::Result;
use poem_openapi::{OpenApi, payload::Json};

pub struct Health(pub JobManager);

#[OpenApi(prefix_path = "/health", tag = "Tag::Health")]
impl Health {
    /// Health
    ///
    /// Reports whether the service can do its work; the same as `/health/ready`.
    #[oai(path = "/", method = "get", operation_id = "get_health")]
    async fn health(&self) -> Result<Json<HealthReport>> {
        self.report().await
    }

    /// Liveness
    ///
    /// Reports whether the process responds. Never queries the database, so that trouble of the
    /// database does not restart the service.
    #[oai(path = "/live", method = "get", operation_id = "get_liveness")]
    async fn live(&self) -> Json<HealthReport> {
        Json(self.well())
    }

    /// Readiness
    ///
    /// Reports whether the database responds and accepts a write (which is rolled back), and
    /// whether the server's loops run. The server checks the database at most once a second.
    #[oai(path = "/ready", method = "get", operation_id = "get_readiness")]
    async fn ready(&self) -> Result<Json<HealthReport>> {
        self.report().await
    }
}

/// Returns the same status for every failure of the database: a probe only needs a yes or a no.
fn not_ready(error: Error) -> Problem {
    match error {
        Error::DiskFull(_) => Problem::new("database_unavailable", error.to_string()),
        error => error.into(),
    }
}

impl Health {
    async fn report(&self) -> Result<Json<HealthReport>> {
        self.0.database().ready().await.map_err(not_ready)?;
        let late = self.0.late_loops();
        if !late.is_empty() {
            return Err(Problem::new("not_ready", late.join(" ")).into());
        }
        Ok(Json(self.well()))
    }

    fn well(&self) -> HealthReport {
        let (version, database) = (
            env!("CARGO_PKG_VERSION").to_owned(),
            self.0.database().name().to_owned(),
        );
        let loops = self.0.list_loops().into_iter().map(Into::into).collect();
        let dropped_log_lines = lines::err().dropped();
        HealthReport {
            status: "ok".to_owned(),
            version,
            database,
            database_connections: self.0.database().connections(),
            loops,
            dropped_log_lines,
        }
    }
}
