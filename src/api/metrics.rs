//! `/metrics`: the numbers of this server for Prometheus.

use super::{gate::RequestGuard, middleware, problem::Problem};
use crate::{
    app::App,
    jobs::JobManager,
    metrics::{Format, text},
};
use poem::{
    Endpoint, EndpointExt, Request, Response, Result, Route, RouteMethod, endpoint::make, get,
    http::header::ACCEPT,
};
use std::net::SocketAddr;

/// Returns the endpoint of a scrape.
pub fn endpoint(jobs: &JobManager) -> RouteMethod {
    let jobs = jobs.clone();
    get(make(move |request: Request| {
        let jobs = jobs.clone();
        async move { scrape(&jobs, format(&request)).await }
    }))
}

/// Returns the routes of a server of metrics alone, which listens on this address.
pub fn routes(app: &App, listen: SocketAddr) -> impl Endpoint<Output = Response> + use<> {
    Route::new()
        .at("/metrics", endpoint(&app.jobs))
        .with(middleware::Problems::new(&app.jobs))
        .with(RequestGuard::new(
            listen.ip(),
            &app.config.allowed_hosts,
            &[],
        ))
}

/// Returns OpenMetrics, unless the client accepts plain text alone.
fn format(request: &Request) -> Format {
    let accepted = request.header(ACCEPT).unwrap_or("*/*");
    if accepted.contains("text/plain") && !accepted.contains("openmetrics") {
        Format::Prometheus
    } else {
        Format::OpenMetrics
    }
}

async fn scrape(jobs: &JobManager, format: Format) -> Result<Response> {
    let measured = jobs.get_metrics().await;
    let instruments = jobs.database().instruments().clone();
    let text = text(instruments, measured, format)
        .map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(Response::builder()
        .content_type(format.content_type())
        .body(text))
}
