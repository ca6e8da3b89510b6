//! HTTP API: converts requests into calls of `JobManager` and results into JSON. Each resource has
//! a file.

mod actions;
mod active_jobs;
mod answer_headers;
mod audit;
mod auth;
mod backups;
mod base_path;
#[cfg(feature = "bench")]
mod bench;
mod body;
mod claims;
mod contract;
mod cors;
mod deliveries;
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
mod legacy;
mod lifecycle;
mod list_cache;
mod media;
mod media_links;
mod memory_limit;
mod metrics;
mod middleware;
mod operation_routes;
mod operation_table;
mod origin;
mod paging;
mod prepare;
mod problem;
mod problem_pages;
mod reports;
mod request_id;
mod results;
mod rows;
mod schedules;
mod series;
mod servers;
mod session;
mod shots;
mod shown;
mod single_headers;
pub mod spec;
mod sse;
mod stats;
mod storage;
mod streams;
mod upload;
mod webhooks;
mod workers;

pub use body::{read_new_job, read_new_schedule};
pub use contract::{Bound, Need, Operation};
pub use metrics::routes as metrics_routes;
pub use operation_table::{check as check_contracts, operation_of, operations as contracts};
pub use shown::{delivery, schedule, schedule_times, webhook, webhook_with_secret};

use crate::{
    app::App,
    dashboard,
    import::Background,
    jobs::{BackupFolder, JobManager},
};
use poem::{Endpoint, EndpointExt, Request, Response, Route, http::Method};
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
    /// Schedules, which create jobs by the clock.
    Schedules,
    /// Webhooks, which are sent what happens to jobs, and their deliveries.
    Webhooks,
    /// Series to which jobs and episodes belong.
    Series,
    /// Episodes to which jobs belong.
    Episodes,
    /// Imports of the jobs of an older store, or of an export.
    Imports,
    /// How long ended jobs are kept, and the archive.
    Storage,
    /// Copies of the database.
    Backups,
    /// Keys that may call the server, sessions of browsers, and the audit of their calls.
    Keys,
    /// Health of the service and its database.
    Health,
    /// Calls of older services, for clients that have not moved yet.
    Legacy,
}

/// Returns the handlers of all operations of the API.
fn operations(
    jobs: &JobManager,
    imports: &Background,
    links: &auth::MediaLinks,
    backups: Option<BackupFolder>,
) -> impl OpenApi + use<> {
    (
        generate::Generate,
        (
            jobs::Jobs(list_cache::ListCache::default()),
            jobs::CountJobs,
            jobs::OneJob,
        ),
        lifecycle::Lifecycle,
        (claims::Claims, workers::Workers),
        reports::Reports,
        items::Items,
        (shots::Shots, media_links::Links(links.clone())),
        (events::Events, streams::Streams, stats::Statistics),
        (active_jobs::Active, actions::StartActions, actions::Actions),
        (
            schedules::Schedules,
            webhooks::Webhooks,
            deliveries::Deliveries,
        ),
        (series::Series, episodes::Episodes),
        imports::Imports {
            background: imports.clone(),
        },
        (keys::Keys, audit::Audit, session::Sessions(jobs.clone())),
        (backups::Backups(backups), storage::Storage),
        (
            health::Health(jobs.clone()),
            servers::Servers,
            legacy::DirectPipeline,
            legacy::Videos,
        ),
    )
}

fn service<T: OpenApi + 'static>(operations: T) -> OpenApiService<T, ()> {
    OpenApiService::new(operations, "Callsheet", env!("CARGO_PKG_VERSION"))
}

/// Returns all routes of the server: API, documents, dashboard and media, with their middleware.
pub fn routes(app: &App) -> impl Endpoint<Output = Response> + use<> {
    let links = auth::MediaLinks::new(app.config.link_secret.as_deref());
    let service = service(operations(
        &app.jobs,
        &app.imports,
        &links,
        app.config.backups.clone(),
    ));
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
    routes = legacy::add(routes, &app.config.legacy_routes);
    let settings = body::MaxBodyBytes(app.config.max_body_bytes);
    let uploads = upload::MaxUploadBytes(app.config.max_upload_bytes);
    let origins = &app.config.cors_origins;
    let imports = Arc::new(app.imports.clone());
    let files = results::ResultFiles::new(app.config.results_folder());
    let failures = auth::Failures::new(app.jobs.clock().clone(), &app.config.trusted_proxies);
    let of_sign_in = failures.clone();
    let data = move |request: &mut Request| {
        request.set_data(settings);
        request.set_data(files.clone());
        request.set_data(uploads);
        request.set_data(imports.clone());
        if request.method() == Method::POST && request.uri().path() == session::PATH {
            request.set_data(of_sign_in.clone());
        }
    };
    routes
        .with(legacy::Switch::new(&app.config.legacy_routes))
        .with(auth::Authenticate::new(
            &app.jobs,
            app.config.public_docs,
            failures,
            links,
        ))
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
