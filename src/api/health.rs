//! Handlers of health, liveness and readiness.

use super::{
    Tag,
    contract::{Bound, Need, Operation, operation},
    dto::{self, HealthReport, LiveServers, LiveWorkers},
    problem::{Member, Problem},
};
use crate::{
    error::Error,
    jobs::{self, DRAINING, HealthStatus, JobManager, NotReady, pending_steps},
    lines,
};
use poem::Result;
use poem_openapi::{OpenApi, payload::Json, types::ToJSON};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    // Bound callers get the status alone.
    operation("get_health", Need::Status, Bound::Free).codes(&["not_ready"]),
    operation("get_liveness", Need::Status, Bound::Free),
    operation("get_readiness", Need::Status, Bound::Free).codes(&["not_ready", "draining"]),
];

pub struct Health(pub JobManager);

#[OpenApi(prefix_path = "/health", tag = "Tag::Health")]
impl Health {
    /// Health
    ///
    /// Reports how the server and its database are. While it is `failing`, the response is a
    /// problem with the same report in its member `health`.
    #[oai(path = "/", method = "get", operation_id = "get_health")]
    async fn health(&self) -> Result<Json<dto::Health>> {
        let health = self.0.get_health().await;
        let report = self.describe(&health);
        if health.status != HealthStatus::Failing {
            return Ok(Json(report));
        }
        let code = if health.database.outcome.is_err() {
            "database_unavailable"
        } else {
            "not_ready"
        };
        let mut error: poem::Error = Problem::new(code, report.reasons.join(" ")).into();
        if let Some(report) = report.to_json() {
            error.set_data(Member("health", report));
        }
        Err(error)
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
    /// Reports whether the server should get requests: the database responds and accepts a write
    /// (which is rolled back), its schema is current, the server's loops run, and the server is not
    /// about to stop. The server checks the database at most once a second.
    #[oai(path = "/ready", method = "get", operation_id = "get_readiness")]
    async fn ready(&self) -> Result<Json<HealthReport>> {
        self.0.get_readiness().await.map_err(not_ready)?;
        Ok(Json(self.well()))
    }
}

fn not_ready(reason: NotReady) -> Problem {
    match reason {
        NotReady::Draining => Problem::new("draining", DRAINING),
        // The same status for every failure of the database: a probe only needs a yes or a no.
        NotReady::Database(error @ Error::DiskFull(_)) => {
            Problem::new("database_unavailable", error.to_string())
        }
        NotReady::Database(error) => error.into(),
        NotReady::Schema(missing) => Problem::new("not_ready", pending_steps(missing)),
        NotReady::Loops(late) => Problem::new("not_ready", late.join(" ")),
    }
}

impl Health {
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

    fn describe(&self, health: &jobs::Health) -> dto::Health {
        let database = self.0.database();
        let schema = health.database.schema.as_ref();
        dto::Health {
            status: health.status.as_str().to_owned(),
            reasons: health.reasons.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            schema: schema.and_then(|schema| schema.newest.clone()),
            uptime_seconds: health.uptime.as_secs_f64(),
            database: dto::DatabaseHealth::new(database.name(), health),
            database_connections: database.connections(),
            cache: dto::Caches::new(health.cache, health.redis.clone()),
            counts: health.counts.map(Into::into),
            workers: health.live_workers.map(|live| LiveWorkers { live }),
            servers: health.live_servers.map(|live| LiveServers { live }),
            clock_ahead_ms: health.clock_ahead.map(|by| by.num_milliseconds()),
            loops: health.loops.iter().cloned().map(Into::into).collect(),
            dropped_log_lines: lines::err().dropped(),
        }
    }
}
