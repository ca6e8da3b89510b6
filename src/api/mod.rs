//! HTTP API: converts requests into calls of `JobManager` and results into JSON. Each resource has
//! a file.

mod actions;
mod active_jobs;
mod answer_headers;
mod auth;
mod base_path;
#[cfg(feature = "bench")]
mod bench;
mod body;
mod claims;
mod contract;
mod cors;
mod docs;
mod dto;
mod episodes;
mod events;
mod examples;
mod filter;
mod gate;
mod generate;
mod headers;
mod health;
mod imports;
mod items;
mod jobs;
mod json_bytes;
mod keys;
mod lifecycle;
mod list_cache;
mod media;
mod memory_limit;
mod metrics;
mod middleware;
mod operation_routes;
mod origin;
mod paging;
mod permissions;
mod prepare;
mod problem;
mod problem_pages;
mod reports;
mod results;
mod rows;
mod series;
mod session;
mod shots;
mod single_headers;
pub mod spec;
mod sse;
mod stats;
mod streams;
mod upload;
mod workers;

pub use body::read_new_job;
pub use contract::OPERATIONS;
pub use metrics::routes as metrics_routes;
pub use permissions::{NEEDS, Need, check as check_permissions};

use crate::{app::App, dashboard, import::Background, jobs::JobManager};
use poem::{Endpoint, EndpointExt, Request, Response, Route};
use poem_openapi::{OpenApi, OpenApiService, Tags};
use std::sync::Arc;

/// Groups of operations in the OpenAPI document, in the order of a job's life.
#[derive(Tags)]
enum Tag {
    /// Jobs that make a video from an idea or a script, as older clients create them.
    Generate,
    /// Creating, reading, listing, changing and deleting jobs.
    Jobs,
    /// Transitions of a job: start, complete, fail, cancel, retry.
    Lifecycle,
    /// Claims, leases, heartbeats and outcomes of workers, and the queues.
    Workers,
    /// Parts of a job, which older clients know as shots.
    Items,
    /// History of a job, and streams of changes.
    Events,
    /// Counts of jobs and workers, waiting jobs, and recent activity.
    Stats,
    /// Operations on all jobs that match a filter.
    Actions,
    /// Series to which jobs and episodes belong.
    Series,
    /// Episodes to which jobs belong.
    Episodes,
    /// Imports of the jobs of an older store, or of an export.
    Imports,
    /// Keys that may call the server, and sessions of browsers.
    Keys,
    /// Health of the service and its database.
    Health,
}

/// Returns the handlers of all operations of the API.
fn operations(jobs: &JobManager, imports: &Background) -> impl OpenApi + use<> {
    (
        generate::Generate(jobs.clone()),
        jobs::Jobs(jobs.clone(), list_cache::ListCache::default()),
        lifecycle::Lifecycle(jobs.clone()),
        (claims::Claims(jobs.clone()), workers::Workers(jobs.clone())),
        reports::Reports(jobs.clone()),
        items::Items(jobs.clone()),
        shots::Shots(jobs.clone()),
        (
            events::Events(jobs.clone()),
            streams::Streams(jobs.clone()),
            stats::Statistics(jobs.clone()),
        ),
        (
            active_jobs::Active(jobs.clone()),
            actions::StartActions(jobs.clone()),
            actions::Actions(jobs.clone()),
        ),
        series::Series(jobs.clone()),
        episodes::Episodes(jobs.clone()),
        imports::Imports {
            jobs: jobs.clone(),
            background: imports.clone(),
        },
        (keys::Keys(jobs.clone()), session::Sessions(jobs.clone())),
        health::Health(jobs.clone()),
    )
}

fn service<T: OpenApi + 'static>(operations: T) -> OpenApiService<T, ()> {
    OpenApiService::new(operations, "Callsheet", env!("CARGO_PKG_VERSION"))
}

/// Returns all routes of the server: API, documents, dashboard and media, with their middleware.
pub fn routes(app: &App) -> impl Endpoint<Output = Response> + use<> {
    let service = service(operations(&app.jobs, &app.imports));
    let mut routes = Route::new().nest("/", dashboard::at_root(service));
    routes = dashboard::add(problem_pages::add(docs::add(routes)));
    #[cfg(feature = "bench")]
    {
        routes = routes
            .at("/bench/echo", bench::echo())
            .at("/bench/fixed", bench::fixed());
    }
    if let Some(folder) = &app.config.media_dir {
        routes = routes.at("/media/*path", media::Media::new(folder));
    }
    if app.config.metrics_listen.is_none() {
        routes = routes.at("/metrics", metrics::endpoint(&app.jobs));
    }
    let settings = body::MaxBodyBytes(app.config.max_body_bytes);
    let uploads = upload::MaxUploadBytes(app.config.max_upload_bytes);
    let origins = &app.config.cors_origins;
    let imports = Arc::new(app.imports.clone());
    let files = results::ResultFiles::of(&app.config);
    let data = move |request: &mut Request| {
        request.set_data(settings);
        request.set_data(files.clone());
        request.set_data(uploads);
        request.set_data(imports.clone());
    };
    routes
        .with(auth::Authenticate::new(&app.jobs, app.config.public_docs))
        .with(prepare::NormalizePath(data))
        .with(middleware::Problems::new(&app.jobs))
        .with(auth::PrivateAnswers(app.jobs.clone()))
        .with(cors::Cors::new(origins))
        .with(gate::RequestGuard::new(
            app.config.listen.ip(),
            &app.config.allowed_hosts,
            origins,
        ))
        .with(base_path::BasePath::new(
            &app.config.base_path,
            &app.config.trusted_proxies,
        ))
}
